"""What a run at constant energy says of a force field: drift of the total energy, and how long the molecule
held.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gaq.atoms.structure import Structure
from gaq.engine.motion import Mover
from gaq.engine.protocol import Engine, unwatched
from gaq.errors import UsageError
from gaq.measure.ledger import Row
from gaq.measure.slopes import slope_with_error
from gaq.measure.statistics import OnProgress, silent
from gaq.measure.traces import Keep, Trace, Way, forget
from gaq.simulate.integrate import run_nve
from gaq.simulate.log import NveLog
from gaq.units import MEV

WINDOW = 50.0  # ps, over which the community's ratio compares drift with fluctuation
TIMESTEP = 0.5  # fs, of a short run
TEMPERATURE = 300.0  # K, of its first velocities
FEW_STEPS = 400  # of a short run in an engine that is asked for every step
ATOM_STEPS = 400_000  # atoms times steps, some seconds in the native engine
# 10 ps. In one picosecond the energy error of the Verlet step, which comes and goes with the vibrations, looks like a
# drift of 0.02 meV/atom/ps (ethanol, float model); in ten it is below the limit of the verdict.
MOST_STEPS = 20_000


def short_run(
    engine: Engine,
    structure: Structure,
    steps: int,
    seed: int = 0,
    progress: OnProgress = silent,
    data: str = "",
    keep: Keep = forget,
) -> list[Row]:
    """Return rows of `drift` for an NVE run of so many steps of 0.5 fs from 300 K; `stability` has the steps as its
    limit.

    Angular momentum has no meaning in a periodic box and no row there. A run that fell apart has `stability` alone.
    """
    log = run_nve(
        *(unwatched(engine), structure, steps, TIMESTEP, TEMPERATURE, seed),  # it may leave the training data
        each_record=lambda state: progress(state.step, steps),
    )
    keep(Trace(Way.RUN, log.time, log.total, log.atoms))
    rows = [replace(r, seed=seed) for r in drift(log, engine.recipe, engine.name, data)]
    *moving, held = rows
    held = replace(held, limit=float(steps))
    if not held.passed:
        return [held]
    return [r for r in moving if r.metric != "angular_momentum_change" or not structure.periodic.any()] + [held]


def steps_for(engine: Engine, atoms: int) -> int:
    """Return steps of a short run by default: 10 ps where they are cheap, `FEW_STEPS` elsewhere.

    They are cheap in an engine that makes them itself: `ATOM_STEPS` in all, so that 200 atoms make the 2,000 that the
    verdict asks for.
    """
    return max(FEW_STEPS, min(MOST_STEPS, ATOM_STEPS // atoms)) if isinstance(engine, Mover) else FEW_STEPS


def calmest(engine: Engine, structures: Sequence[Structure]) -> Structure:
    """Return the structure to begin a short run from: of the largest ones, the one with the smallest maximum force.

    Of small molecules that were rattled, or taken from a hot run, some are as hot as ten thousand kelvin.
    """
    most = max(map(len, structures))
    alike = [s for s in structures if len(s) == most]
    strain = [float(np.max(np.abs(p.forces))) for p in engine.evaluate(alike)]
    return alike[int(np.argmin(np.nan_to_num(strain, nan=np.inf)))]


def drift(log: NveLog, recipe: str, engine: str, data: str = "") -> list[Row]:
    """Return rows of an NVE run: drift (meV/atom/ps), drift_ratio, momentum_change, angular_momentum_change, stability.

    drift: slope of the least squares line through E_tot/N over the whole run, with the error of `slopes`. drift_ratio:
    |dE_tot/dt| · 50 ps / std(E_kin), threshold 1 in the literature. momentum_change, angular_momentum_change:
    largest ‖P(t) − P(0)‖ and ‖L(t) − L(0)‖. stability: the step at which a bond was off by more than 0.5 Å or
    T above T₀ + 10,000 K, or the length of the run, `passed` telling which. Raises `UsageError` for fewer
    than three records.
    """
    if len(log.time) < 3:
        if log.unstable_at is None:
            raise UsageError(f"a drift needs at least 3 records; this run has {len(log.time)}. Run more steps")
        return [stability(log, recipe, engine, data)]
    slope, error = slope_with_error(log.time / 1000, log.total / MEV)
    spread = float(np.std(log.kinetic)) / MEV
    records = len(log.time)
    base = Row("drift", slope / log.atoms, "meV/atom/ps", log.model, recipe, engine, data, records)
    base = replace(base, atoms=log.atoms)
    ratio = abs(slope) * WINDOW / spread if spread > 0 else math.nan
    return [
        replace(base, std_error=error / log.atoms),
        replace(base, metric="drift_ratio", value=ratio, unit="1"),
        replace(base, metric="momentum_change", value=_change(log.momentum), unit="amu Å/fs"),
        replace(base, metric="angular_momentum_change", value=_change(log.angular_momentum), unit="amu Å²/fs"),
        stability(log, recipe, engine, data),
    ]


def _change(vectors: np.ndarray) -> float:
    return float(np.max(np.linalg.norm(vectors - vectors[0], axis=1)))


def stability(log: NveLog, recipe: str, engine: str, data: str) -> Row:
    """Return the length of a run that held, or the step at which one did not, in steps; `passed` tells which."""
    held = log.unstable_at is None
    steps = log.steps if log.unstable_at is None else log.unstable_at
    entry = Row("stability", float(steps), "steps", log.model, recipe, engine, data, len(log.time))
    return replace(entry, atoms=log.atoms, passed=held)
