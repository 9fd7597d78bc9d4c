"""Code that runs in a thread of a Dask worker: it passes jobs to a worker process of gaq, which is reused."""

from __future__ import annotations

import threading

from gaq.farm.parcel import ParcelDone, ParcelFailed, Shared
from gaq.farm.process import Process
from gaq.version import __version__

_idle: list[Process] = []
_lock = threading.Lock()


def content_of(content: bytes) -> bytes:
    """Return the shared data, as the result of a task."""
    return content


def carry_out(version: str, key: str, content: bytes, parcel: bytes) -> ParcelDone | ParcelFailed:
    """Return the outcome of a job of this version of gaq."""
    if __version__ != version:
        return ParcelFailed(
            "NotAvailable", f"a worker has gaq {__version__}, and this is gaq {version}. Install the same version"
        )
    with _lock:
        process = _idle.pop() if _idle else None
    process = process or Process()
    try:
        outcome = process.ask(Shared(key, content), parcel)
    except BaseException:
        process.close()
        raise
    with _lock:
        _idle.append(process)
    return outcome


def end_idle() -> None:
    """End idle processes."""
    with _lock:
        ended, _idle[:] = _idle[:], []
    for process in ended:
        process.close()
