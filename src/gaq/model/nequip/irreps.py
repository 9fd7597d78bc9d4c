"""Irreducible representations of O(3): what features are made of, and the products that lead from some to others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

Parities = Literal["both", "natural", "ignored"]


class Irrep(NamedTuple):
    """A degree l, and the parity under inversion: 1 (even) or −1 (odd). Sorted as in e3nn: 0o, 0e, 1o, 1e, …"""

    degree: int
    parity: int

    @property
    def name(self) -> str:
        """The name that e3nn gives it, such as 1o."""
        return f"{self.degree}{'e' if self.parity > 0 else 'o'}"

    @property
    def components(self) -> int:
        """2l + 1."""
        return 2 * self.degree + 1


INVARIANT, PSEUDOSCALAR = Irrep(0, 1), Irrep(0, -1)
Channels = Mapping[Irrep, int]


class Path(NamedTuple):
    """A product of what a neighbour sends with harmonics of the direction, of degree `harmonic`."""

    source: Irrep
    harmonic: int
    target: Irrep
    channels: int


def irreps_up_to(degrees: int, parities: Parities) -> tuple[Irrep, ...]:
    """Return the irreps of features: of each degree the natural parity (−1)^l, and with "both" the other one too.

    With "ignored" all are called even, as SevenNet calls them: then the network does not tell a vector from a
    pseudovector, and it is equivariant under SO(3) only.
    """
    if parities == "ignored":
        return tuple(Irrep(degree, 1) for degree in range(degrees + 1))
    natural = [Irrep(degree, (-1) ** degree) for degree in range(degrees + 1)]
    others = [Irrep(degree, -parity) for degree, parity in natural] if parities == "both" else []
    return tuple(sorted(natural + others))


def paths_between(sources: Channels, degrees: int, parities: Parities, targets: tuple[Irrep, ...]) -> tuple[Path, ...]:
    """Return all products of `sources` and harmonics that end in one of `targets`, ordered by their target."""
    return tuple(sorted(_paths(sources, degrees, parities, targets), key=lambda path: path.target))


def gathered_by(paths: tuple[Path, ...]) -> dict[Irrep, int]:
    """Return the channels of all paths by their target, in order."""
    channels: dict[Irrep, int] = {}
    for path in paths:
        channels[path.target] = channels.get(path.target, 0) + path.channels
    return channels


def gates_of(channels: Channels) -> int:
    """Return how many invariants gate these features: one for each channel of degree 1 and up."""
    return sum(count for irrep, count in channels.items() if irrep.degree)


def _paths(sources: Channels, degrees: int, parities: Parities, targets: tuple[Irrep, ...]) -> Iterator[Path]:
    for source, channels in sources.items():
        for harmonic in range(degrees + 1):
            parity = source.parity * (1 if parities == "ignored" else (-1) ** harmonic)
            for degree in range(abs(source.degree - harmonic), source.degree + harmonic + 1):
                if Irrep(degree, parity) in targets:
                    yield Path(source, harmonic, Irrep(degree, parity), channels)
