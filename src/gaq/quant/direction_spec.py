"""How the direction of a vector is coded: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass

from gaq.errors import RecipeError


@dataclass(frozen=True)
class Fibonacci:
    """2^bits directions on the golden spiral."""

    bits: int

    def __post_init__(self) -> None:
        check_bits(self, self.bits, 2, 16)


@dataclass(frozen=True)
class Icosahedral:
    """The finest geodesic grid 10f² + 2 with at most 2^bits directions."""

    bits: int

    def __post_init__(self) -> None:
        check_bits(self, self.bits, 4, 16)


@dataclass(frozen=True)
class Octahedral:
    """A square of 2^(bits/2) by 2^(bits/2) points wrapped round the octahedron; computed, not looked up."""

    bits: int

    def __post_init__(self) -> None:
        check_bits(self, self.bits, 4, 16)
        if self.bits % 2:
            raise RecipeError(f"{self}: an octahedral code has an even number of bits")


@dataclass(frozen=True)
class KMeans:
    """2^bits directions learned from the calibration data by spherical k-means.

    With `decay` above 0 they go on moving in training: each is the direction of the decaying mean of its vectors.
    """

    bits: int
    seed: int = 0
    decay: float = 0.0

    def __post_init__(self) -> None:
        check_bits(self, self.bits, 2, 12)
        if not 0 <= self.seed < 2**63:
            raise RecipeError(f"KMeans: seed is {self.seed!r}; expected an integer from 0 to 2^63 - 1")
        if isinstance(self.decay, bool) or not isinstance(self.decay, int | float) or not 0 <= self.decay < 1:
            raise RecipeError(f"{self}: decay is {self.decay!r}; expected a number from 0 on and below 1")


@dataclass(frozen=True)
class Component:
    """Each component of the unit vector rounded to `bits` bits, then renormalised (arXiv 2601.02213)."""

    bits: int

    def __post_init__(self) -> None:
        check_bits(self, self.bits, 2, 16)

    @property
    def high(self) -> int:
        """The largest code of a component."""
        return int(2 ** (self.bits - 1) - 1)


DirectionCode = Fibonacci | Icosahedral | Octahedral | KMeans | Component

DIRECTIONS = (Fibonacci, Icosahedral, Octahedral, KMeans, Component)
DIRECTION_NAMES = ", ".join(family.__name__ for family in DIRECTIONS)


def check_bits(owner: object, bits: object, least: int, most: int) -> None:
    """Raise RecipeError unless `bits` is an integer from `least` to `most`."""
    if isinstance(bits, bool) or not isinstance(bits, int) or not least <= bits <= most:
        name = type(owner).__name__
        raise RecipeError(f"{name}: bits is {bits!r}; expected an integer from {least} to {most}")
