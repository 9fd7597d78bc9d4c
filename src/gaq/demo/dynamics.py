"""A run at constant energy like one of `gaq md`: steps in the engine, with a trajectory and a log."""

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
    """Number of steps, their length in fs, and the initial temperature in K."""

    steps: int  # of an engine that integrates itself
    slow_steps: int  # of other engines
    timestep: float
    temperature: float
    seed: int

    def steps_of(self, engine: Engine) -> int:
        """Return the number of steps for this engine."""
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

    `files` are the model and the trajectory; the log and a checkpoint are written next to it. `each` receives
    the completed steps and their total number.
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
