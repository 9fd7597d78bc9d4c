"""Where the benchmarks find the repository and its models, and where they put their rows."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
LEDGERS = HERE / "docs" / "ledger"
SHIPPED = HERE / "models"
MADE = HERE / "runs" / "models"  # where rmd17.py puts the models that are not shipped


def model_file(name: str) -> Path:
    """Return the path of a model: the shipped one, or the one that `rmd17.py` made.

    Raises `SystemExit` with the command that makes it when there is neither.
    """
    for folder in (SHIPPED, MADE):
        if (folder / name).exists():
            return folder / name
    _, molecule, recipe = Path(name).stem.split("-", 2)
    command = f"python benchmarks/rmd17.py {molecule} --data PATH/rmd17 --only {recipe}"
    raise SystemExit(f"{name} is neither in models/ nor in runs/models/. This makes it: {command}")


def model_files(pattern: str) -> list[Path]:
    """Return the models that match a pattern in models/ and runs/models/, sorted by name."""
    found = {path.name: path for folder in (MADE, SHIPPED) for path in folder.glob(pattern)}
    return [found[name] for name in sorted(found)]
