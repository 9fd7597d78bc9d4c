"""Products of equivariant features: two degrees into a third, channel by channel.

`wigner_3j` is the only equivariant product of two degrees into a third, with coefficients whose squares add up to one.
`gaunt` is the same with another scale: G(Y^a(u), Y^b(u)) = Y^c(u) for every unit vector u, in the harmonics of this
project. It exists where a + b + c is even; the others, such as the cross product of two vectors, vanish for two
harmonics of one direction and change their sign under reflections.
native/src/layers/coupling.inl has the tables of `COUPLINGS`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import product
from math import copysign, factorial, sqrt
from typing import NamedTuple, Protocol, Self, TypeVar

import torch
from torch import Tensor

from gaq.geometry.harmonics import orders

LARGEST_DENOMINATOR = 10_000  # of the square of a coefficient, for degrees up to 3


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

    def dense(self) -> Tensor:
        """Return all coefficients [2c+1, 2a+1, 2b+1], float64."""
        tensor = torch.zeros((2 * self.c + 1, 2 * self.a + 1, 2 * self.b + 1), dtype=torch.float64)
        for m, i, j, value in self.entries:
            tensor[m, i, j] = value
        return tensor


@cache
def wigner_3j(a: int, b: int, c: int) -> Coupling:
    """Return real Wigner 3j symbols of degrees |a − b| ≤ c ≤ a + b; their squares add up to 1.

    The sign is that of e3nn, which is the sign of `gaunt` where there is one and the cross product x × y / √6 for
    degrees 1, 1, 1.
    """
    return Coupling(a, b, c, tuple((*place, _root(square)) for place, square in _signed_squares(a, b, c).items()))


@cache
def gaunt(a: int, b: int, c: int) -> Coupling:
    """Return the product with G(Y^a(u), Y^b(u)) = Y^c(u). Raises `ValueError` where a + b + c is odd."""
    if (a + b + c) % 2:
        raise ValueError(f"degrees {a}, {b} and {c} have an odd sum: their product is zero for two equal directions")
    squares = _signed_squares(a, b, c)
    # Along the third axis of space only components of order 0 are not zero, and they are 1.
    on_axis = squares[orders(c).index(0), orders(a).index(0), orders(b).index(0)]
    return Coupling(a, b, c, tuple((*place, _root(square / on_axis)) for place, square in squares.items()))


def _root(signed: Fraction) -> float:
    """Return the root of a square that has the sign of the root."""
    return copysign(sqrt(abs(signed)), signed)


def _signed_squares(a: int, b: int, c: int) -> dict[tuple[int, int, int], Fraction]:
    """Return the squares of real 3j symbols with the signs of the symbols, by components of c, a and b.

    Σ conj(U_a) conj(U_b) U_c ⟨a m₁ b m₂|c m₃⟩ / √(2c + 1), where U are the real harmonics times i^l: with this phase
    all coefficients are real. Their squares are fractions of small integers.
    """
    if not abs(a - b) <= c <= a + b:
        raise ValueError(f"degrees {a} and {b} have no product of degree {c}")
    of_a, of_b, of_c = ([_components(degree, m) for m in orders(degree)] for degree in (a, b, c))
    found = {}
    for (m, z), (i, x), (j, y) in product(enumerate(of_c), enumerate(of_a), enumerate(of_b)):
        total = sum(
            x[p].conjugate() * y[q].conjugate() * z[p + q] * _clebsch_gordan(a, p, b, q, c)
            for p, q in product(x, y)
            if p + q in z
        ) / sqrt(2 * c + 1)
        square = Fraction(abs(total) ** 2).limit_denominator(LARGEST_DENOMINATOR)
        if square:
            found[m, i, j] = square if total.real > 0 else -square
    return found


def _components(degree: int, m: int) -> dict[int, complex]:
    """Return i^l times the real harmonic of order m in complex ones, with the phase of Condon and Shortley."""
    phase, half = 1j**degree, sqrt(0.5)
    if m == 0:
        return {0: phase}
    if m > 0:
        return {m: phase * (-1) ** m * half, -m: phase * half}
    return {-m: -1j * phase * (-1) ** m * half, m: 1j * phase * half}


def _clebsch_gordan(a: int, p: int, b: int, q: int, c: int) -> float:
    """Return ⟨a p b q|c p+q⟩ by the formula of Racah. Source: Varshalovich et al., 1988, section 8.2, eq. 3."""
    r = p + q
    first = (2 * c + 1) * factorial(c + a - b) * factorial(c - a + b) * factorial(a + b - c)
    second = factorial(c + r) * factorial(c - r) * factorial(a - p) * factorial(a + p)
    third = factorial(b - q) * factorial(b + q)
    total = Fraction(0)
    for k in range(a + b - c + 1):
        arguments = (k, a + b - c - k, a - p - k, b + q - k, c - b + p + k, c - a - q + k)
        if min(arguments) >= 0:
            below = 1
            for argument in arguments:
                below *= factorial(argument)
            total += Fraction((-1) ** k, below)
    return float(total) * sqrt(Fraction(first * second * third, factorial(a + b + c + 1)))


TENSOR_TIMES_VECTOR = gaunt(2, 1, 1)
VECTORS_TO_TENSOR = gaunt(1, 1, 2)
TENSORS_TO_TENSOR = gaunt(2, 2, 2)
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
