"""Paths of the repository, its models and the rows of benchmarks and studies."""

from __future__ import annotations

from pathlib import Path

from gaq.measure.ledger import Row, read_rows

HERE = Path(__file__).resolve().parents[2]
LEDGERS = HERE / "docs" / "ledger"  # rows of the benchmarks; a study keeps its own beside it
STUDIES = HERE / "studies"
SHIPPED = HERE / "models"
MADE = HERE / "runs" / "models"  # where benchmarks.models.train puts the models that are not shipped


def ledger(name: str) -> Path:
    """Return the file of a ledger: a study's own, or the one in docs/ledger."""
    return next(iter(sorted(STUDIES.glob(f"*/{name}.jsonl"))), LEDGERS / f"{name}.jsonl")


def rows_of(name: str) -> list[Row]:
    """Return the rows of a ledger. Raises `BadFile` when there is none."""
    return read_rows(ledger(name))


def model_file(name: str) -> Path:
    """Return the path of a model: the shipped one, or the one that `models/train.py` made.

    Raises `SystemExit` with the command that makes it when there is neither.
    """
    for folder in (SHIPPED, MADE):
        if (folder / name).exists():
            return folder / name
    _, molecule, recipe = Path(name).stem.split("-", 2)
    command = f"python -m benchmarks.models.train {molecule} --data PATH/rmd17 --only {recipe}"
    raise SystemExit(f"{name} is neither in models/ nor in runs/models/. This makes it: {command}")


def model_files(pattern: str) -> list[Path]:
    """Return the models that match a pattern in models/ and runs/models/, sorted by name."""
    found = {path.name: path for folder in (MADE, SHIPPED) for path in folder.glob(pattern)}
    return [found[name] for name in sorted(found)]
