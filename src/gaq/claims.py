"""Which files an output may replace: those of its own kind, as their contents show, and no others.

One rule for all commands (docs/command-line.md): a file that does not exist, that is empty or that is of the kind that
the command writes under this name may be written. Anything else is refused unless the user says so, and an input of
the same command is refused always.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from gaq.errors import BadFile, UsageError

HEAD = 4096  # bytes that show what a file is

Recognise = Callable[[Path], bool]
Inputs = Iterable[str | os.PathLike[str] | None]


@dataclass(frozen=True)
class FileKind:
    """What a command writes under a name, and whether a file is such a one; `never` for what is costly to make."""

    name: str  # with its article: "a page of `gaq report`"
    is_one: Recognise


class AlreadyThere(BadFile):
    """An output that would replace a file which the command did not write."""


def never(path: Path) -> bool:
    """Recognise nothing: an output that takes long to make is replaced only when the user says so."""
    return False


def begins_with(*beginnings: bytes) -> Recognise:
    """Recognise a file by its first bytes."""
    return lambda path: head_of(path).startswith(beginnings)


def head_of(path: Path) -> bytes:
    """Return the first bytes of a file; none where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD)
    except OSError:
        return b""


def claim(path: str | os.PathLike[str], kind: FileKind, *, overwrite: bool = False, inputs: Inputs = ()) -> None:
    """Raise `AlreadyThere` when `path` holds something that must not be replaced, `UsageError` when it is an input.

    Inputs that are None or no files, such as names of built-in data, are passed over. A pipe or a device
    is no file to lose.
    """
    path = Path(path)
    if not path.exists():
        return
    for given in inputs:
        if given is not None and os.path.exists(given) and os.path.samefile(given, path):
            raise UsageError(f"{path} is read by the same command and cannot be its output too. Choose another name.")
    if not path.is_file() or path.stat().st_size == 0 or overwrite:
        return
    if kind.is_one is never:
        raise AlreadyThere(f"{path} is there already.")
    if not kind.is_one(path):
        raise AlreadyThere(f"{path} is there already and is not {kind.name}.")
