"""Random rotations for training; measurements draw their own in NumPy."""

from __future__ import annotations

import torch
from torch import Tensor


def random_rotations(count: int, generator: torch.Generator) -> Tensor:
    """Haar-distributed rotation matrices [count, 3, 3] in float64, from unit quaternions."""
    q = torch.randn(count, 4, dtype=torch.float64, generator=generator)
    w, x, y, z = (q / torch.linalg.vector_norm(q, dim=-1, keepdim=True)).unbind(-1)
    rows = (
        torch.stack((1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)), -1),
        torch.stack((2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)), -1),
        torch.stack((2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)), -1),
    )
    return torch.stack(rows, -2)
