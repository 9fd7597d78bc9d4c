"""The files that make up the project, as its house rules see them."""

from __future__ import annotations

import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "src" / "gaq"


def project_files() -> list[Path]:
    """Files that git tracks or would track; in a copy without git, those that are not hidden or built."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        found = [REPOSITORY / name for name in listed.stdout.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):  # a bare machine has no git
        found = [
            path
            for path in REPOSITORY.rglob("*")
            if not any(part.startswith(".") or part in ("runs", "build", "dist", "__pycache__") for part in path.parts)
        ]
    return sorted(path for path in found if path.is_file())


def texts() -> dict[Path, str]:
    """Every file of the project that is text, with its text."""
    found = {}
    for path in project_files():
        try:
            found[path] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def modules() -> list[Path]:
    """The Python files of the package."""
    return sorted(path for path in project_files() if path.suffix == ".py" and PACKAGE in path.parents)


def module_name(path: Path) -> str:
    """`gaq.atoms.batch` for src/gaq/atoms/batch.py."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
