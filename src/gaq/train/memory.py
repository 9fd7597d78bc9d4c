"""Set up a process for training: the number of threads, and an allocator that keeps freed memory."""

from __future__ import annotations

import torch

from gaq.process import keep_freed_memory

__all__ = ["keep_freed_memory", "use_threads"]


def use_threads(threads: int | None) -> None:
    """How many threads PyTorch takes; None leaves its own choice."""
    if threads is not None:
        torch.set_num_threads(threads)
