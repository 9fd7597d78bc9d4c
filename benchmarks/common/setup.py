"""Command line, data and parents of benchmarks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common.places import SHIPPED
from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset, with_more
from gaq.train.memory import keep_freed_memory, use_threads

BOTH = ("azobenzene", "ethanol")  # with shipped models


MORE = "other frames to train on, such as a teacher's"


def parser_of(text: str | None, data: str = "folder of the official npz files") -> argparse.ArgumentParser:
    """Return a parser with `--data`."""
    parser = argparse.ArgumentParser(description=(text or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help=data)
    return parser


def on_one_core() -> None:
    """Use one thread and keep freed memory."""
    use_threads(1)
    keep_freed_memory()


def frames_of(folder: Path, molecule: str, part: str, limit: int | None = None) -> Dataset:
    """Return frames of a split, "train" or "test"."""
    return read_dataset(folder / f"rmd17_{molecule}_{part}_01.npz", limit)


def train_and_test(
    folder: Path, molecule: str, train: int | None = None, test: int | None = None, more: Sequence[Path] = ()
) -> tuple[Dataset, Dataset]:
    """Return the first frames of both splits; after those to train on come those of other files."""
    return with_more(frames_of(folder, molecule, "train", train), more), frames_of(folder, molecule, "test", test)


def float_parent(molecule: str) -> Path:
    return SHIPPED / f"rmd17-{molecule}-fp32.ckpt"
