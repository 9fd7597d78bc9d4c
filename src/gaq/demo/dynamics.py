"""A run at constant energy as `gaq md` makes it: steps in the engine, with a trajectory and a log beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gaq.atoms.structure import Structure
from gaq.engine.motion import Dynamics, Mover
from gaq.engine.protocol import Engine
from gaq.files import sha256_of
from gaq.measure.ledger import Row
from gaq.measure.runs import rates, run_rows
from gaq.simulate.integrate import start
from gaq.simulate.session import Files, RunPlan, Session, run_settings
from gaq.simulate.start import freedom_of

MOST_RECORDS, MOST_FRAMES = 1000, 200  # lines of the log, frames of the trajectory


@dataclass(frozen=True)
class DemoMotion:
    """Steps, their length in fs, and the temperature in K of the first velocities."""

    steps: int  # of an engine that makes them itself
    slow_steps: int  # of one that is asked for every step
    timestep: float
    temperature: float
    seed: int

    def steps_of(self, engine: Engine) -> int:
        """Return how many this engine makes."""
        return self.steps if isinstance(engine, Mover) else self.slow_steps


def move(
    engine: Engine,
    structure: Structure,
    motion: DemoMotion,
    files: tuple[Path, Path],
    data: str,
    each: Callable[[int, int], None],
) -> list[Row]:
    """Return rows of an NVE run from `structure`: drift, stability, temperature, momenta, latency_ms and ns_per_day.

    `files` are those of the model and of the trajectory, beside which the log and a checkpoint stand. `each` is told
    the steps made and how many there are.
    """
    model, trajectory = files
    steps = motion.steps_of(engine)
    state = start(engine, structure, motion.temperature, motion.seed)
    plan = RunPlan(
        steps,
        Dynamics(motion.timestep),
        motion.temperature,
        freedom_of(structure, state.masses, state.velocities, None),
        every=max(1, steps // MOST_FRAMES),
        log_every=max(1, steps // MOST_RECORDS),
    )
    session = Session(engine, plan, Files(trajectory), run_settings(sha256_of(model), engine, plan, motion.seed, state))
    session.begin(state)
    ending = session.go(lambda: False, lambda record, seconds: each(record.step, steps))
    about = (engine.recipe, engine.name, data)
    rows = run_rows(ending.log, ending.state, *about, motion.temperature, None)
    return rows + (rates(ending.log, *about, ending.made, ending.seconds) if ending.made else [])
