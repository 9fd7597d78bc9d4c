"""Set up a process for training: the number of threads, and an allocator that keeps freed memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from gaq.process import keep_freed_memory

__all__ = ["keep_freed_memory", "one_thread", "use_threads"]


def use_threads(threads: int | None) -> None:
    """How many threads PyTorch takes; None leaves its own choice."""
    if threads is not None:
        torch.set_num_threads(threads)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute on one thread within the block, where the order of sums must not depend on the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
