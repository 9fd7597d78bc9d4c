"""Lengths and directions: the one definition of |v|, of a unit vector and of a safe norm."""

from __future__ import annotations

import torch
from torch import Tensor


def length(vectors: Tensor, dim: int = -1) -> Tensor:
    """Return euclidean norm along `dim`; its gradient is undefined at zero, so give it no zero vector."""
    return torch.linalg.vector_norm(vectors, dim=dim)


def square_root(x: Tensor) -> Tensor:
    """√x of float32 rounded as IEEE 754 says, on every machine: by way of float64.

    torch.sqrt on its own may go to a vector library that is off by one unit in the last place now and then.
    """
    return torch.sqrt(x.double()).to(x.dtype)


def smooth_length(vectors: Tensor, dim: int, floor: float = 1e-4) -> Tensor:
    """sqrt(|v|² + floor²) − floor: zero at v = 0 and smooth there, with finite second derivatives."""
    return torch.sqrt(vectors.square().sum(dim) + floor * floor) - floor


def limited(x: Tensor, limit: Tensor, dim: int | None = None) -> Tensor:
    """x / (1 + |x|⁴ / limit⁴)^¼: x itself where it is much smaller than `limit`, and never longer than that.

    |x| is a length along `dim`, or the size of each number without. Lengths of derivatives are at most one.
    """
    square = x.square() if dim is None else x.square().sum(dim, keepdim=True)
    return x * torch.rsqrt(torch.sqrt(1.0 + (square * limit**-2.0).square()))


def unit_per_head(vectors: Tensor, epsilon: float = 1e-6) -> Tensor:
    """v / sqrt(|v|² + ε) along the last axis, ε inside the norm (arXiv 2603.05343, robust attention)."""
    return vectors * torch.rsqrt(vectors.square().sum(-1, keepdim=True) + epsilon)
