"""The user's cache: what gaq downloads or compiles once and can make again."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gaq.errors import BadFile

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def cache_folder() -> Path:
    """Return gaq's folder in the user's cache: in XDG_CACHE_HOME if that is an absolute path, else in ~/.cache.

    It need not exist.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if os.path.isabs(named) else Path.home() / ".cache") / "gaq"


def private_folder(name: str) -> Path:
    """Return a folder of the cache from which code may be loaded: nobody but this user can write to it.

    It is made with permissions for this user only. Raises `BadFile` when it belongs to another user, when others can
    write to it or replace it through a folder above it, and when it cannot be made or written to.
    """
    path = Path(os.path.realpath(cache_folder() / name))
    try:
        _make(path)
        for folder in (path, *path.parents):
            _expect_no_writers(folder, path)
    except OSError as error:
        raise BadFile(f"cannot make {path}: {(error.strerror or str(error)).lower()}. {_way_out()}") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise BadFile(f"cannot write into {path}. {_way_out()}")
    return path


def _make(path: Path) -> None:
    """Make the folder and those above it that are missing, for this user only whatever the umask."""
    for folder in reversed((path, *path.parents)):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)


def _expect_no_writers(folder: Path, private: Path) -> None:
    """Raise `BadFile` if others can write to the folder, or, above the private one, rename what is in it."""
    about = folder.stat()
    shared = about.st_mode & OTHERS_WRITE and not (folder != private and about.st_mode & stat.S_ISVTX)
    if shared:
        raise BadFile(
            f"other users can write to {folder}, so compiled code in {private} cannot be trusted. Take the permission "
            f"away: chmod go-w {folder}. {_way_out()}"
        )
    if about.st_uid not in (os.getuid(), *(() if folder == private else (0,))):
        raise BadFile(
            f"{folder} belongs to another user, so compiled code in {private} cannot be trusted. {_way_out()}"
        )


def _way_out() -> str:
    return "Or set XDG_CACHE_HOME to a folder that is yours."
