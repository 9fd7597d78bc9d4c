"""What a process is told before it trains: how many threads to use, and to keep the memory it has freed.

By default glibc maps and unmaps each large block anew, and a training step then spends part of its time in page faults.
"""

from __future__ import annotations

import ctypes

import torch

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3


def keep_freed_memory() -> bool:
    """Tells glibc's allocator so, for this process; returns whether there is a glibc that listens."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    settings = ((M_MMAP_THRESHOLD, 32 << 20), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, 256 << 20))
    return all(mallopt(option, value) == 1 for option, value in settings)


def use_threads(threads: int | None) -> None:
    """How many threads PyTorch takes; None leaves its own choice."""
    if threads is not None:
        torch.set_num_threads(threads)
