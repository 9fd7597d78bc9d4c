"""Output files of a verb: refuse to replace the wrong file before any work is done (docs/command-line.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gaq.claims import AlreadyThere, FileKind, Inputs, begins_with, claim, head_of, never
from gaq.errors import BadFile, UsageError
from gaq.files import writable_folder

OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace output files that this command did not write.")
]

PNG = b"\x89PNG\r\n\x1a\n"
LIBRARY = b"\x7fELF", b"\xcf\xfa\xed\xfe"  # on Linux, on macOS


def rows_kind(key: str = "metric") -> FileKind:
    """Recognize rows of the ledger, or of `gaq doctor`: one JSON object per line, with this key."""

    def is_one(path: Path) -> bool:
        first = head_of(path).partition(b"\n")[0]
        try:
            found = json.loads(first)
        except (ValueError, RecursionError):
            return False
        return isinstance(found, dict) and key in found and "value" in found

    return FileKind("a file of rows of gaq", is_one)


PACKED = FileKind("a packed model", lambda path: _is_packed(path))
REPORT = FileKind(
    "a page of `gaq report`", lambda path: b"<meta name='generator' content='gaq report'>" in head_of(path)
)
PICTURE = FileKind(
    "a picture that gaq drew", lambda path: (head := head_of(path)).startswith(PNG) and b"Software\x00gaq" in head
)
PREDICTIONS = FileKind("a file of predictions of gaq", lambda path: _holds_predictions(path))
PLUGIN = FileKind("a plugin for LAMMPS", begins_with(*LIBRARY))
PLUGIN_RECORD = FileKind("the record of a plugin for LAMMPS", begins_with(b"lammps "))
COSTLY = FileKind("", never)


def claim_output(path: Path | None, kind: FileKind, overwrite: bool, inputs: Inputs = ()) -> None:
    """Refuse an output that would replace another file, and create the folder of a new one.

    None is an output that was not requested. Raises `BadFile` and `UsageError` as `gaq.claims.claim` does.
    """
    if path is None:
        return
    if not path.exists():
        writable_folder(path.parent)
    try:
        claim(path, kind, overwrite=overwrite, inputs=inputs)
    except AlreadyThere as error:
        raise BadFile(f"{error} Choose another name, or replace it with --overwrite.") from error


def claim_rows(path: Path | None, overwrite: bool, inputs: Inputs = (), key: str = "metric") -> None:
    """Do the same for `--json FILE`."""
    claim_output(path, rows_kind(key), overwrite, inputs)


def expect_different(*outputs: Path | None) -> None:
    """Raise `UsageError` if two outputs of one command are the same file."""
    seen: set[Path] = set()
    for path in outputs:
        if path is None or (path.exists() and not path.is_file()):
            continue
        resolved = path.resolve()
        if resolved in seen:
            raise UsageError(f"{path} is named for two outputs of one command. Give each its own name.")
        seen.add(resolved)


def _is_packed(path: Path) -> bool:
    from gaq.engine.open import says_packed

    try:
        return says_packed(path) is True
    except OSError:
        return False


def _holds_predictions(path: Path) -> bool:
    from gaq.measure.predictions import holds_predictions

    return holds_predictions(path)
