"""Floats by their place in the order of all float32, so that a staircase is found step by step on the bits."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

LARGEST = 0x7F7FFFFF  # place of the largest finite float


def at_place(place: Tensor) -> Tensor:
    """The float32 at each place: 0 is zero, 1 the smallest above it, -1 the one below."""
    size = place.abs().to(torch.int32).view(torch.float32)
    return torch.where(place < 0, -size, size)


def place_of(x: Tensor) -> Tensor:
    """The place of each float32."""
    size = x.abs().view(torch.int32).to(torch.int64)
    return torch.where(x < 0, -size, size)


def beside_steps(staircase: Callable[[Tensor], Tensor], codes: Tensor, largest: float | None = None) -> Tensor:
    """Both floats beside every step of a staircase within ±largest: where it reaches each of `codes` from below.

    For codes that it never reaches both are the largest float.
    """
    end = LARGEST if largest is None else int(place_of(torch.tensor(largest)))
    low, high = torch.full((len(codes),), -end), torch.full((len(codes),), end)
    while bool(((high - low) > 1).any()):
        middle = (low + high).div(2, rounding_mode="floor")
        reached = staircase(at_place(middle)) >= codes
        low, high = torch.where(reached, low, middle), torch.where(reached, middle, high)
    return torch.cat((at_place(low), at_place(high)))


def nudged(vectors: Tensor) -> Tensor:
    """Vectors [vector, 3] and, after them, copies with one component one place up or down."""
    copies = [vectors]
    for component in range(3):
        for shift in (-1, 1):
            copy = vectors.clone()
            copy[:, component] = at_place(place_of(copy[:, component]) + shift)
            copies.append(copy)
    return torch.cat(copies)
