"""What this process holds of memory and cores, and what its allocator is told.

By default glibc maps and unmaps each large block anew, and a training step, or an evaluation of a large system, then
spends part of its time in page faults, which are expensive on virtual machines.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3


def keep_freed_memory() -> bool:
    """Tell glibc's allocator to keep what this process frees; returns whether there is a glibc that listens."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    settings = ((M_MMAP_THRESHOLD, 32 << 20), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, 256 << 20))
    return all(mallopt(option, value) == 1 for option, value in settings)


def resident_bytes() -> int:
    """Return memory that the process holds now; 0 where the system does not tell."""
    return _status("VmRSS")


def peak_resident_bytes() -> int:
    """Return the most memory that the process has held since its program began.

    Linux keeps it for each program (VmHWM); the figure of getrusage would count what the parent held before.
    """
    peak = _status("VmHWM")
    if peak:
        return peak
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def forget_peak() -> bool:
    """Let the peak begin anew at what is held now; returns whether the system can do that, as Linux can."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def usable_cores() -> int:
    """Return cores that the process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def busy_with_others(most: float = 0.5) -> str | None:
    """Return a sentence when the system has been busy for a minute, beyond `most` processes at a time; None on a quiet
    one.

    Asked before anything is measured: a long call is then interrupted, and a short one is not.
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load <= most:
        return None
    return (
        f"the machine was busy before (load {load:.1f} on {usable_cores()} cores): long calls suffer more than short "
        f"ones, so ratios are not to be trusted; measure again when it is quiet"
    )


class Contention:
    """How much of the time since it was made this process waited for a core that others had.

    Linux tells for each thread how long it was ready and did not run, and for the whole machine how long a hypervisor
    took the processor away.
    """

    def __init__(self) -> None:
        self._began = (time.monotonic(), _waited(), _stolen())

    def share(self) -> float | None:
        """Return a number between 0 and 1; None where the system does not tell."""
        began, waited, stolen = self._began
        elapsed, now = time.monotonic() - began, _waited()
        if waited is None or now is None or elapsed <= 0:
            return None
        lost = max(now - waited, (_stolen() - stolen) / (os.cpu_count() or 1), 0.0)
        return min(lost / elapsed, 1.0)


def _waited() -> float | None:
    """Return seconds that the threads of this process were ready and did not run; None where the system does not
    tell.
    """
    try:
        files = list(Path("/proc/self/task").glob("*/schedstat"))
        words = [file.read_text(encoding="ascii").split() for file in files]
        return 1e-9 * sum(int(found[1]) for found in words) if words else None
    except (OSError, ValueError, IndexError):
        return None


def _stolen() -> float:
    """Return seconds that a hypervisor took from all cores together; 0 where the system does not tell."""
    try:
        words = Path("/proc/stat").read_text(encoding="ascii").split(maxsplit=9)
        return int(words[8]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def _status(key: str) -> int:
    """Return a size of Linux' /proc/self/status in bytes, 0 where there is none."""
    try:
        text = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    found = (line.split() for line in text.splitlines() if line.startswith(f"{key}:"))
    return next((1024 * int(words[1]) for words in found), 0)
