"""Named, seeded splits into training, validation and test frames.

The lists are written to disk and read back, so that they do not depend on later changes of a random generator.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from gaq.data.dataset import Dataset
from gaq.data.rmd17 import check_training_size
from gaq.errors import BadFile, UsageError
from gaq.files import write_atomically
from gaq.formats.texts import read_json, shown

WAY_OUT = "Expected a split file; make the split again."


@dataclass(frozen=True)
class Split:
    """Sorted, disjoint lists of frame indices of the file with this hash."""

    dataset: str
    sha256: str
    seed: int
    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]


def make_split(dataset: Dataset, train: int, validation: int, test: int | None = None, seed: int = 0) -> Split:
    """Return frames drawn without replacement by `seed`; `test` takes all remaining frames if it is None.

    Raises UsageError if there are too few frames, or too many for rMD17.
    """
    rest = len(dataset) - train - validation
    taken = rest if test is None else test
    if train < 1 or validation < 0 or taken < 0 or taken > rest:
        parts = f"{train} for training, {validation} for validation" + (f", {test} for the test" if test else "")
        raise UsageError(f"{dataset.name} has {len(dataset)} frames; asked for {parts}. Ask for fewer.")
    check_training_size(dataset.name, train)
    order = np.random.default_rng(seed).permutation(len(dataset))
    ends = np.cumsum([train, validation, taken])
    lists = [tuple(sorted(part.tolist())) for part in np.split(order[: ends[-1]], ends[:-1])]
    return Split(dataset.name, dataset.sha256, seed, *lists)


def write_split(split: Split, path: Path) -> None:
    """Write the split as JSON, including the sizes for human readers. Raises BadFile."""
    sizes = {"train": len(split.train), "validation": len(split.validation), "test": len(split.test)}
    text = json.dumps({**asdict(split), "sizes": sizes}, indent=None)
    write_atomically(path, lambda temporary: temporary.write_text(text + "\n", encoding="utf-8"))


def read_split(path: Path, dataset: Dataset) -> Split:
    """Return the split in this file, for this data set. Raises BadFile if it is broken or of another file."""
    raw = read_json(path, WAY_OUT)
    try:
        lists = {key: tuple(_integer(i) for i in raw[key]) for key in ("train", "validation", "test")}
        split = Split(str(raw["dataset"]), str(raw["sha256"]), _integer(raw["seed"]), **lists)
        sizes = {key: _integer(raw["sizes"][key]) for key in lists}
    except (ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {shown(str(error))}"
        raise BadFile(f"{path} is not a split file ({reason}). {WAY_OUT}") from None
    if split.sha256 != dataset.sha256:
        raise BadFile(
            f"{path} was made for {split.dataset} (SHA-256 {split.sha256[:12]}…); {dataset.name} has "
            f"{dataset.sha256[:12]}…. Give the file it was made for, or make a new split."
        )
    everything = [i for part in lists.values() for i in part]
    if (
        any(len(lists[key]) != sizes[key] for key in lists)
        or len(set(everything)) != len(everything)
        or not all(0 <= i < len(dataset) for i in everything)
    ):
        raise BadFile(
            f"{path} has lists that overlap, differ from their sizes {sizes}, or leave the {len(dataset)} "
            f"frames of {dataset.name}. It was changed by hand or read with `limit`; make the split again."
        )
    own = len(dataset) - dataset.more
    check_training_size(split.dataset, sum(i < own for i in split.train))
    return split


def _integer(value: object) -> int:
    if type(value) is not int:
        raise ValueError(f"{shown(value)} is no integer")
    return value
