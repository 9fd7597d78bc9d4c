"""What a thread of a Dask worker does: it asks a worker process of ours, which stays for the next job."""

from __future__ import annotations

import threading

from gaq.farm.parcel import ParcelDone, ParcelFailed, Shared
from gaq.farm.process import Process
from gaq.version import __version__

_idle: list[Process] = []
_lock = threading.Lock()


def content_of(content: bytes) -> bytes:
    """Return what jobs share, as the result of a task."""
    return content


def carry_out(version: str, key: str, content: bytes, parcel: bytes) -> ParcelDone | ParcelFailed:
    """Return what became of a job of gaq of that version."""
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
    """End the processes that nobody asks anything now."""
    with _lock:
        ended, _idle[:] = _idle[:], []
    for process in ended:
        process.close()
