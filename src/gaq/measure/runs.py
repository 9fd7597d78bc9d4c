"""What a run of `gaq md` says: the drift of what it should conserve, its temperature, its momenta, and its speed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from gaq.engine.motion import LANGEVIN, MotionState
from gaq.measure.dynamics import drift, stability
from gaq.measure.ledger import Row
from gaq.measure.slopes import BLOCKS
from gaq.measure.speed import FS_PER_NS, SECONDS_PER_DAY
from gaq.simulate.log import NveLog
from gaq.units import ACCELERATION, BOLTZMANN

SPIN = ("angular_momentum_change", "angular_momentum_relative")


def run_rows(
    log: NveLog, last: MotionState, recipe: str, engine: str, data: str, temperature: float, thermostat: str | None
) -> list[Row]:
    """Return rows of `drift`, `temperature` (K, mean over the records), and `angular_momentum_relative`.

    The last is the largest ‖L(t) − L(0)‖ over √(k_B T tr I), the angular momentum that a molecule of this temperature
    would turn with: L itself is zero at the start of most runs. In a box, and with Langevin's noise, L means nothing.
    """
    if len(log.time) < 3 and log.unstable_at is None:
        rows = [stability(log, recipe, engine, data)]  # too short for a slope
    else:
        rows = drift(log, recipe, engine, data)
    rows.append(_temperature(log, recipe, engine, data))
    change = next((r for r in rows if r.metric == SPIN[0]), None)
    spin = _thermal_spin(last, temperature)
    if change is not None and spin > 0:
        rows.append(replace(change, metric=SPIN[1], value=change.value / spin, unit="1"))
    if last.structure.periodic.any() or thermostat == LANGEVIN:
        rows = [r for r in rows if r.metric not in SPIN]
    if last.is_fixed.any():  # what holds them takes up momentum
        rows = [r for r in rows if r.metric not in (*SPIN, "momentum_change")]
    return rows


def rates(log: NveLog, recipe: str, engine: str, data: str, steps: int, seconds: float) -> list[Row]:
    """latency_ms, the mean wall time of a step, output included, and the ns_per_day that follow."""
    per_step = seconds / steps
    entry = Row("latency_ms", 1e3 * per_step, "ms", log.model, recipe, engine, data, steps, batch=1, atoms=log.atoms)
    per_day = SECONDS_PER_DAY / per_step * log.dt / FS_PER_NS
    return [entry, replace(entry, metric="ns_per_day", value=per_day, unit="ns/day")]


def _temperature(log: NveLog, recipe: str, engine: str, data: str) -> Row:
    values, error = log.temperature, None
    if len(values) >= 2 * BLOCKS:
        means = np.array([float(np.mean(block)) for block in np.array_split(values, BLOCKS)])
        error = float(np.std(means, ddof=1)) / math.sqrt(BLOCKS)
    entry = Row("temperature", float(np.mean(values)), "K", log.model, recipe, engine, data, len(values))
    return replace(entry, std_error=error, atoms=log.atoms)


def _thermal_spin(state: MotionState, temperature: float) -> float:
    """√(k_B T tr I) in amu Å²/fs."""
    centre = state.masses @ state.structure.positions / state.masses.sum()
    inertia = 2 * float(state.masses @ np.sum((state.structure.positions - centre) ** 2, axis=1))
    return math.sqrt(BOLTZMANN * temperature * ACCELERATION * inertia)
