"""Which process writes a file: its host, its number and when it started, and whether it is still running."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STARTED_AT = 22  # field of /proc/PID/stat: start of the process in clock ticks after boot


@dataclass(frozen=True)
class Owner:
    """A process of a host. The start tells it from a later process with the same number; 0 where it is not known."""

    host: str
    pid: int
    started: int

    @property
    def token(self) -> str:
        """A part of a file name that `is_left_over` understands."""
        return f"{self.pid:x}-{self.started:x}-{_digest(self.host)}"


def this_process() -> Owner:
    """Return the owner of what this process writes."""
    pid = os.getpid()  # not cached: a forked child is another process
    return Owner(_host(), pid, _started(pid))


def is_running(owner: Owner) -> bool | None:
    """Return whether the process exists; None if it belongs to another host, where nobody here can look."""
    if owner.host != _host():
        return None
    return _exists(owner.pid, owner.started)


def is_left_over(token: str) -> bool | None:
    """Return whether the process of a token has ended; None if it belongs to another host. Raises `ValueError`."""
    pid, started, host = token.split("-")
    if host != _digest(_host()):
        return None
    return not _exists(int(pid, 16), int(started, 16))


def _exists(pid: int, started: int) -> bool:
    if pid < 1:  # to kill(), 0 and -1 are groups of processes
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it exists, and belongs to another user
        pass
    now = _started(pid)
    return not (started and now) or started == now


def _started(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return int(text.rpartition(")")[2].split()[STARTED_AT - 3])  # the name, in parentheses, may hold spaces
    except (OSError, ValueError, IndexError):
        return 0


@cache
def _host() -> str:
    return socket.gethostname() or "localhost"


def _digest(host: str) -> str:
    return hashlib.sha256(host.encode()).hexdigest()[:8]
