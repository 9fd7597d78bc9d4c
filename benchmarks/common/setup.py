"""How a benchmark on rMD17 begins: its command line, one core, the official files, the float parents of models/."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.common.places import SHIPPED
from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.train.memory import keep_freed_memory, use_threads

BOTH = ("azobenzene", "ethanol")  # the molecules that have models in models/


def parser_of(text: str | None, data: str = "folder of the official npz files") -> argparse.ArgumentParser:
    """A parser that says the first line of the benchmark's own text, with `--data`."""
    parser = argparse.ArgumentParser(description=(text or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help=data)
    return parser


def on_one_core() -> None:
    """One thread of PyTorch, and memory that is kept when it is freed, as `gaq train` does."""
    use_threads(1)
    keep_freed_memory()


def frames_of(folder: Path, molecule: str, part: str, limit: int | None = None) -> Dataset:
    """The first `limit` frames of the official split `part` ("train" or "test") of one molecule; all without."""
    return read_dataset(folder / f"rmd17_{molecule}_{part}_01.npz", limit)


def train_and_test(
    folder: Path, molecule: str, train: int | None = None, test: int | None = None
) -> tuple[Dataset, Dataset]:
    """Both splits, the first `train` and `test` frames of them."""
    return frames_of(folder, molecule, "train", train), frames_of(folder, molecule, "test", test)


def float_parent(molecule: str) -> Path:
    """The shipped float model of a molecule."""
    return SHIPPED / f"rmd17-{molecule}-fp32.ckpt"
