"""Paths of models and rows."""

from __future__ import annotations

from pathlib import Path

from gaq.measure.ledger import Row, read_rows

HERE = Path(__file__).resolve().parents[2]
LEDGERS = HERE / "docs" / "ledger"  # rows of benchmarks; studies keep their own
STUDIES = HERE / "studies"
SHIPPED = HERE / "models"
MADE = HERE / "runs" / "models"  # not shipped
FIRST = "first-"  # before the name of a ledger: rows of the first generation of the network


def ledger(name: str) -> Path:
    """Return the file of a ledger."""
    return next(iter(sorted(STUDIES.glob(f"*/{name}.jsonl"))), LEDGERS / f"{name}.jsonl")


def rows_of(name: str) -> list[Row]:
    return read_rows(ledger(name))


def model_file(name: str) -> Path:
    """Return the path of a model, or exit with the command that makes it."""
    for folder in (SHIPPED, MADE):
        if (folder / name).exists():
            return folder / name
    _, molecule, recipe = Path(name).stem.split("-", 2)
    taught, trained = f"benchmarks.models.teach {molecule}", f"benchmarks.models.train {molecule} --only {recipe}"
    command = f"python -m {taught if recipe == 'fp32' else trained} --data PATH/rmd17"
    raise SystemExit(f"{name} is neither in models/ nor in runs/models/. This makes it: {command}")


def model_files(pattern: str) -> list[Path]:
    found = {path.name: path for folder in (MADE, SHIPPED) for path in folder.glob(pattern)}
    return [found[name] for name in sorted(found)]
