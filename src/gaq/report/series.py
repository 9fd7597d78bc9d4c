"""Learning curves and energies along a run, as arrays."""

from __future__ import annotations

import json
import math
from array import array
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from gaq.errors import BadFile
from gaq.files import lines_of
from gaq.report.notes import Notes
from gaq.simulate.log_file import COLUMNS
from gaq.units import MEV

MOST_EPOCHS, MOST_RECORDS = 1_000_000, 5_000_000  # read from one file


@dataclass(frozen=True, eq=False)
class Curve:
    """A learning curve: validation errors after each epoch."""

    name: str
    epoch: np.ndarray  # [epoch] completed epochs since the start of the first training
    energy_mae: np.ndarray  # [epoch] meV
    force_mae: np.ndarray  # [epoch] meV/Å


@dataclass(frozen=True, eq=False)
class RunSeries:
    """The change of the conserved energy since the start of a run."""

    name: str
    time: np.ndarray  # [record] fs
    change: np.ndarray  # [record] meV, of all atoms
    temperature: np.ndarray  # [record] K
    thermostat: bool


def read_curve(path: Path, name: str, after: int = 0) -> tuple[Curve, list[str]]:
    """Return the curve.jsonl of a training, epochs counted from `after`, and messages about invalid lines.

    Raises `BadFile` if all lines are invalid.
    """
    kept: list[tuple[float, float, float]] = []
    notes = Notes()
    for number, line in enumerate(islice(lines_of(path), MOST_EPOCHS), start=1):
        try:
            found = json.loads(line)
            kept.append((float(found["epoch"]) + 1 + after, _plain(found, "energy_mae"), float(found["force_mae"])))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            notes.add(f"{path.name} of {name}, line {number}: not an epoch; skipped.")
    if not kept:
        raise BadFile(f"{path} is not a learning curve: no line of it has epoch and force_mae. Train again.")
    epoch, energy, force = np.array(kept).T
    return Curve(name, epoch, energy, force), notes.said


def read_run(path: Path, name: str) -> tuple[RunSeries, list[str]]:
    """Return the log of `gaq md`, without an incomplete last line. Raises `BadFile`."""
    kept = array("d")  # five numbers a record
    notes = Notes()
    for number, line in enumerate(islice(lines_of(path), MOST_RECORDS), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            values = [float(x) for x in line.split(maxsplit=COLUMNS)]
        except ValueError:
            values = []
        if len(values) == COLUMNS:
            kept.extend(values[1:6])
        else:
            notes.add(f"{path.name}, line {number}: not a complete record; skipped.")
    if not kept:
        raise BadFile(f"{path} has no complete record of a run. Run `gaq md` again.")
    time, potential, kinetic, heat, temperature = np.array(kept).reshape(-1, 5).T
    total = potential + kinetic - heat
    first = total[np.isfinite(total)][:1]
    change = (total - (first[0] if len(first) else 0.0)) / MEV
    return RunSeries(name, time, change, temperature, bool(np.any(heat != 0))), notes.said


def _plain(found: dict[str, object], key: str) -> float:
    value = found.get(key)
    return float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
