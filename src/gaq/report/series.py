"""What is plotted beside the rows of the ledger: learning curves, forces, energies along a run; arrays."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaq.errors import BadFile
from gaq.files import readable_file, write_atomically


@dataclass(frozen=True, eq=False)
class Curve:
    """A learning curve: validation errors after each epoch."""

    name: str
    epoch: np.ndarray  # [epoch] epochs made, counted from the start of the first training
    energy_mae: np.ndarray  # [epoch] meV
    force_mae: np.ndarray  # [epoch] meV/Å


@dataclass(frozen=True, eq=False)
class Series:
    """What one model said of the test frames, and how its energy behaved in a run at constant energy."""

    name: str
    reference: np.ndarray  # [component] force components of the labels, eV/Å
    predicted: np.ndarray  # [component] the same by the model, eV/Å
    time: np.ndarray  # [record] fs
    total: np.ndarray  # [record] total energy, meV per atom
    unstable_at: int | None = None  # first step at which the molecule was no longer itself


def read_curve(path: Path, name: str, after: int = 0) -> Curve:
    """The curve.jsonl of a training, its epochs counted from `after`. Raises `BadFile`."""
    try:
        lines = [json.loads(line) for line in readable_file(path).read_text(encoding="utf-8").splitlines()]
        columns = {key: np.array([line[key] for line in lines]) for key in ("epoch", "energy_mae", "force_mae")}
    except (ValueError, KeyError, TypeError) as error:
        raise BadFile(f"{path} is not a learning curve ({error}). Train again.") from error
    return Curve(name, columns["epoch"] + 1 + after, columns["energy_mae"], columns["force_mae"])


def write_series(path: Path, series: Series) -> None:
    """Keeps a series as a compressed npz."""
    arrays: dict[str, Any] = {
        "name": np.array(series.name),
        "reference": series.reference,
        "predicted": series.predicted,
        "time": series.time,
        "total": series.total,
        "unstable_at": np.array(-1 if series.unstable_at is None else series.unstable_at),
    }

    def write(temporary: Path) -> None:
        with open(temporary, "wb") as stream:
            np.savez_compressed(stream, **arrays)

    write_atomically(path, write)


def read_series(path: Path) -> Series:
    """What `write_series` wrote. Raises `BadFile`."""
    try:
        with open(readable_file(path), "rb") as stream, np.load(stream, allow_pickle=False) as archive:
            unstable = int(archive["unstable_at"])
            texts = str(archive["name"])
            reference, predicted, time, total = (archive[key] for key in ("reference", "predicted", "time", "total"))
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise BadFile(f"{path} is not a series of the demo ({error}). Run it again.") from error
    return Series(texts, reference, predicted, time, total, None if unstable < 0 else unstable)
