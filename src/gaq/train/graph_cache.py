"""Compiled graphs on disk: shared libraries in a folder of this user, named by a key and by their own hash.

A graph is put there by renaming a finished file, so that two runs may do it at once. Its hash is checked before it is
loaded: a damaged one is removed and made again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from gaq.cache import private_folder
from gaq.errors import BadFile
from gaq.files import sha256_of
from gaq.owners import is_left_over, this_process

FOLDER = "graphs"
MOST_BYTES, MOST_FILES = 512 << 20, 100  # of all graphs; a graph has some megabytes
NAME = re.compile(r"([0-9a-f]{64})-([0-9a-f]{64})\.so")
WORK = re.compile(r"\.work-([0-9a-f]+-[0-9a-f]+-[0-9a-f]{8})-[0-9a-f]{8}")


def folder() -> Path:
    """Return the folder of compiled graphs, made if need be. Raises `BadFile` where others can write to it."""
    return private_folder(FOLDER)


def find(key: str) -> Path | None:
    """Return the graph of this key, None if there is none or a damaged one, which is removed."""
    for path in sorted(folder().glob(f"{key}-*.so")):
        name = NAME.fullmatch(path.name)
        with contextlib.suppress(OSError, BadFile):  # another run may remove it meanwhile
            if name is not None and sha256_of(path) == name[2]:
                os.utime(path)  # the oldest of use go first
                return path
            path.unlink()
    return None


def keep(key: str, library: Path) -> Path:
    """Move a graph, made in a work folder, into the cache, and remove those used longest ago beyond the bounds."""
    path = folder() / f"{key}-{sha256_of(library)}.so"
    with open(library, "rb") as stream:
        os.fsync(stream.fileno())  # a rename may otherwise reach the disk before what was renamed
    os.chmod(library, 0o600)
    os.replace(library, path)
    _remove_old(path)
    return path


def forget(path: Path) -> None:
    """Remove a graph that cannot be used."""
    path.unlink(missing_ok=True)


@contextlib.contextmanager
def work_folder() -> Iterator[Path]:
    """Yield a new folder on the disk of the cache and remove it afterwards; those of killed processes go too."""
    place = folder()
    for entry in place.iterdir():
        owner = WORK.fullmatch(entry.name)
        if owner is not None and is_left_over(owner[1]):
            shutil.rmtree(entry, ignore_errors=True)
    work = place / f".work-{this_process().token}-{secrets.token_hex(4)}"
    work.mkdir(mode=0o700)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def only_one(key: str) -> Iterator[None]:
    """Wait until no other process makes the graph of this key.

    One file serves all keys: each locks a byte of it. The system releases the lock of a process that ends.
    """
    with open(folder() / ".lock", "ab") as stream:
        with contextlib.suppress(OSError):  # a file system without locks: the graph is made twice
            fcntl.lockf(stream, fcntl.LOCK_EX, 1, int(key[:12], 16))
        yield


def _remove_old(newest: Path) -> None:
    found = []
    for path in folder().glob("*.so"):
        with contextlib.suppress(OSError):
            about = path.stat()
            found.append((path != newest, -about.st_mtime, about.st_size, path))
    total = 0
    for number, (_, _, size, path) in enumerate(sorted(found), start=1):
        total += size
        if number > 1 and (number > MOST_FILES or total > MOST_BYTES):
            with contextlib.suppress(OSError):
                path.unlink()
