"""Locks on outputs: one process writes; a second one is refused with a message that names the first.

A lock is a hidden file beside the output, `.NAME.lock`, that names host and process, and is held with `flock`. The
system releases `flock` when a process ends, however it ends; the name in the file serves file systems on which `flock`
does not reach other machines.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from gaq.errors import BadFile
from gaq.owners import Owner, is_running, this_process

# What flock answers on a file system that has no locks; the name in the file has to do there.
WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
MOST_BYTES = 4096  # of a lock file that is read


@contextlib.contextmanager
def locked(output: str | os.PathLike[str]) -> Iterator[None]:
    """Hold the lock of an output, a file or a folder that exists, until the block is left.

    The lock of an ended process is taken over. Raises `BadFile` with host and process when another one holds it.
    """
    output = Path(output)
    path = lock_path(output)
    descriptor = _acquired(output, path)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()  # while it is held, so that nobody else's is removed
        os.close(descriptor)


def lock_path(output: Path) -> Path:
    """Return where the lock of an output is: beside a file, in a folder."""
    return output / ".lock" if output.is_dir() else output.with_name(f".{output.name}.lock")


def _acquired(output: Path, path: Path) -> int:
    """Return a descriptor of the lock file, locked and with this process named in it."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        except OSError as error:
            raise BadFile(f"cannot lock {output} with {path}: {(error.strerror or str(error)).lower()}.") from error
        try:
            if not _flocked(descriptor):
                raise BadFile(_in_use(output, path, _read(descriptor), elsewhere=False))
            if not _is_at(descriptor, path):  # its holder removed it meanwhile
                os.close(descriptor)
                continue
            _expect_no_owner(output, path, descriptor)
            _sign(descriptor)
        except BaseException:
            with contextlib.suppress(OSError):
                os.close(descriptor)
            raise
        return descriptor


def _flocked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        there = path.stat()
    except OSError:
        return False
    mine = os.fstat(descriptor)
    return (mine.st_ino, mine.st_dev) == (there.st_ino, there.st_dev)


def _expect_no_owner(output: Path, path: Path, descriptor: int) -> None:
    """Raise `BadFile` when the file names a process that may still write although the system let us lock."""
    named = _read(descriptor)
    if named is None:
        if os.fstat(descriptor).st_size:
            raise BadFile(f"cannot lock {output}: {path} is not a lock of gaq. Remove it, or choose another name.")
        return
    running = is_running(named[0])
    if running or running is None:
        raise BadFile(_in_use(output, path, named, elsewhere=running is None))


def _sign(descriptor: int) -> None:
    owner = this_process()
    about = {"host": owner.host, "pid": owner.pid, "started": owner.started, "since": time.strftime("%Y-%m-%d %H:%M")}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(about).encode(), 0)


def _read(descriptor: int) -> tuple[Owner, str] | None:
    """Who is named in a lock file, and since when; None for one that nobody has signed."""
    try:
        about = json.loads(os.pread(descriptor, MOST_BYTES, 0))
        return Owner(str(about["host"]), int(about["pid"]), int(about["started"])), str(about["since"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _in_use(output: Path, path: Path, named: tuple[Owner, str] | None, elsewhere: bool) -> str:
    who = "another process"
    if named is not None:
        owner, since = named
        who = f"process {owner.pid} on host {owner.host} since {since}"
    way_out = "Wait until it has ended, or choose another name."
    if elsewhere:
        way_out = f"If that process is not running any more, remove {path}."
    return f"{output} is being written by {who}. {way_out}"
