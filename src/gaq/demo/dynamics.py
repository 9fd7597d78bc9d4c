"""A short run at constant energy through ASE, as a user would make it, and how long a step takes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ase.calculators.calculator import all_changes

from gaq.atoms.from_ase import to_ase
from gaq.atoms.structure import Structure
from gaq.engine.protocol import Engine
from gaq.measure.dynamics import drift
from gaq.measure.ledger import Row, row
from gaq.simulate.calculator import Calculator
from gaq.simulate.log import NveLog
from gaq.simulate.nve import short_nve

BLOCKS = 20
MS_PER_DAY = 86_400_000.0
FS_PER_NS = 1e6


@dataclass(frozen=True)
class Motion:
    """Steps, their length in fs, and the temperature in K of the first velocities."""

    steps: int
    timestep: float
    temperature: float
    seed: int


class Stopwatch(Calculator):
    """The calculator, noting when each evaluation began: from one to the next is one step of the dynamics."""

    def __init__(self, engine: Engine, each: Callable[[int], None]) -> None:
        super().__init__(engine)
        self.began: list[float] = []
        self._each = each

    def calculate(
        self,
        atoms: Any = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """As the calculator, with a look at the clock first."""
        self.began.append(time.perf_counter())
        self._each(len(self.began))
        super().calculate(atoms, properties, system_changes)


def move(
    engine: Engine, structure: Structure, motion: Motion, data: str, each: Callable[[int], None]
) -> tuple[NveLog, list[Row]]:
    """The log of an NVE run from `structure`, and its rows: drift and stability, latency_ms and ns_per_day.

    Each step is recorded, which costs little beside it; `each` is told the number of evaluations so far.
    """
    calculator = Stopwatch(engine, each)
    log = short_nve(
        calculator,
        to_ase(structure),
        motion.steps,
        dt=motion.timestep,
        temperature=motion.temperature,
        seed=motion.seed,
    )
    rows = drift(log, engine.recipe, engine.name, data)
    return log, rows + speed(engine, np.array(calculator.began), motion.timestep, len(structure), data)


def speed(engine: Engine, began: np.ndarray, timestep: float, atoms: int, data: str) -> list[Row]:
    """latency_ms, the mean time of a step in ms with percentiles, and ns_per_day that follows from it.

    `began` [step] holds times in s. The standard error is that of the means of 20 blocks: what slows one step
    slows its neighbours. The first twentieth, in which caches fill, is left out. No rows for fewer than 2
    steps.
    """
    steps = 1e3 * np.diff(began)[len(began) // BLOCKS :]
    if len(steps) < 2:
        return []
    mean = float(np.mean(steps))
    means = [float(np.mean(block)) for block in np.array_split(steps, min(BLOCKS, len(steps)))]
    error = float(np.std(means, ddof=1)) / math.sqrt(len(means))
    entry = replace(row(engine, data, "latency_ms", mean, "ms", len(steps)), std_error=error, batch=1, atoms=atoms)
    low, high = (float(p) for p in np.percentile(steps, (10, 90)))
    per_day = MS_PER_DAY * timestep / FS_PER_NS / mean
    return [
        replace(entry, p10=low, p90=high),
        replace(entry, metric="ns_per_day", value=per_day, unit="ns/day", std_error=per_day * error / mean),
    ]
