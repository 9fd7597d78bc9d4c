"""Data-parallel training under torchrun: each process takes its share of every batch, gradients are summed.

The sum is done here and not by DistributedDataParallel, whose hooks do not survive the second derivative that
a loss on forces takes. Every process holds the same weights and does the same step.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True)
class World:
    """This process among all that train together."""

    rank: int = 0
    size: int = 1

    def share(self, indices: Sequence[int]) -> list[int]:
        """This process's part of a batch."""
        return list(indices[self.rank :: self.size])

    def sum_(self, tensors: Iterable[Tensor]) -> None:
        """Add the tensors of all processes up, in place."""
        tensors = list(tensors)
        if self.size == 1 or not tensors:
            return
        flat = torch.cat([t.reshape(-1).to(torch.float64) for t in tensors])
        dist.all_reduce(flat)
        start = 0
        for t in tensors:
            t.copy_(flat[start : start + t.numel()].view_as(t))
            start += t.numel()


def is_first_process() -> bool:
    """Return whether this process will have rank 0: it alone writes files. Known before the processes have joined."""
    return os.environ.get("RANK", "0") == "0"


def join_world(device: str) -> World:
    """Join the processes of torchrun: gloo on CPU, nccl on CUDA. Without torchrun, a world of one."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return World()
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    return World(dist.get_rank(), dist.get_world_size())


def leave_world(world: World) -> None:
    """Close the connection that `join_world` opened."""
    if world.size > 1:
        dist.destroy_process_group()
