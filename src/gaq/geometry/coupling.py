"""Products of equivariant features: two degrees into a third, channel by channel.

G(Y^a(u), Y^b(u)) = Y^c(u) for every unit vector u, bilinear and equivariant: real Gaunt coefficients, scaled to the
harmonics of this project. Every coefficient is ±1, ±1/2 or ±√3/2. native/src/layers/coupling.inl has the same tables.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import NamedTuple, Protocol, Self, TypeVar

import torch
from torch import Tensor

H = sqrt(3.0) / 2.0


class Addable(Protocol):
    """Features, or an `ErrorSpread` of them."""

    def __add__(self, other: Self, /) -> Self: ...


Added = TypeVar("Added", bound=Addable)


class Coupling(NamedTuple):
    """Degrees of a product, and what is not zero of it: component of c, of a, of b, coefficient."""

    a: int
    b: int
    c: int
    entries: tuple[tuple[int, int, int, float], ...]

    @property
    def mean_square(self) -> float:
        """Mean of |G(x, y)|² over directions of unit features x and y; the largest |G(x, y)| is 1."""
        return sum(v * v for *_, v in self.entries) / ((2 * self.a + 1) * (2 * self.b + 1))


VECTORS_TO_TENSOR = Coupling(
    1,
    1,
    2,
    (
        (0, 0, 1, H),
        (0, 1, 0, H),
        (1, 1, 2, H),
        (1, 2, 1, H),
        (2, 0, 0, -0.5),
        (2, 1, 1, -0.5),
        (2, 2, 2, 1.0),
        (3, 0, 2, H),
        (3, 2, 0, H),
        (4, 0, 0, H),
        (4, 1, 1, -H),
    ),
)
TENSOR_TIMES_VECTOR = Coupling(
    2,
    1,
    1,
    (
        (0, 0, 1, H),
        (0, 2, 0, -0.5),
        (0, 3, 2, H),
        (0, 4, 0, H),
        (1, 0, 0, H),
        (1, 1, 2, H),
        (1, 2, 1, -0.5),
        (1, 4, 1, -H),
        (2, 1, 1, H),
        (2, 2, 2, 1.0),
        (2, 3, 0, H),
    ),
)
TENSORS_TO_TENSOR = Coupling(
    2,
    2,
    2,
    (
        (0, 0, 2, -1.0),
        (0, 1, 3, H),
        (0, 2, 0, -1.0),
        (0, 3, 1, H),
        (1, 0, 3, H),
        (1, 1, 2, 0.5),
        (1, 1, 4, -H),
        (1, 2, 1, 0.5),
        (1, 3, 0, H),
        (1, 4, 1, -H),
        (2, 0, 0, -1.0),
        (2, 1, 1, 0.5),
        (2, 2, 2, 1.0),
        (2, 3, 3, 0.5),
        (2, 4, 4, -1.0),
        (3, 0, 1, H),
        (3, 1, 0, H),
        (3, 2, 3, 0.5),
        (3, 3, 2, 0.5),
        (3, 3, 4, H),
        (3, 4, 3, H),
        (4, 1, 1, -H),
        (4, 2, 4, -1.0),
        (4, 3, 3, H),
        (4, 4, 2, -1.0),
    ),
)
COUPLINGS = (TENSOR_TIMES_VECTOR, VECTORS_TO_TENSOR, TENSORS_TO_TENSOR)


def coupled(coupling: Coupling, x: Tensor, y: Tensor) -> Tensor:
    """Features [atom, 2a+1, channel] and [atom, 2b+1, channel] → [atom, 2c+1, channel]."""
    rows = []
    for component in range(2 * coupling.c + 1):
        terms = [v * x[:, i] * y[:, j] for m, i, j, v in coupling.entries if m == component]
        rows.append(sum(terms[1:], terms[0]))
    return torch.stack(rows, 1)


def products(couple: Callable[[Coupling], Added]) -> tuple[Added, Added]:
    """Return A ⊗ B of degrees 1 and 2, where `couple` gives what one of `COUPLINGS` does with features A and B."""
    tensor_times_vector, of_vectors, of_tensors = map(couple, COUPLINGS)
    return tensor_times_vector, of_vectors + of_tensors
