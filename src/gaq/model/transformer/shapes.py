"""The numbers of a transformer and the shapes of its layers. Without torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gaq.model.layout import LinearShape, readout


@dataclass(frozen=True)
class TransformerNumbers:
    """The numbers that define a network, as in its configuration; cutoff in Å."""

    channels: int
    degrees: int
    layers: int
    heads: int
    basis: int
    hidden: int
    cutoff: float
    attention: str


FUNCTIONS = 2  # of the distance, per channel of a message: for scalars, and for vectors of all degrees


def products_of(degrees: int) -> int:
    """Return of how many degrees an update has products: 1 and 2 together, or none."""
    return 2 if degrees >= 2 else 0


def sections_of(degrees: int, *, last: bool = False, gates: bool = False) -> int:
    """Return how often the channels stand in what the MLP of an update reads, or, with `gates`, in what it gives.

    The last layer gives no gates of vectors.
    """
    return 1 + degrees if last and gates else 1 + 2 * degrees + products_of(degrees)


def linears(n: TransformerNumbers) -> Iterator[LinearShape]:
    """Yield every linear layer, in the order in which a structure meets them."""
    c = n.channels
    for i in range(n.layers):
        yield LinearShape(f"layers.{i}.attention.project", 4 * c, c)
        yield LinearShape(f"layers.{i}.attention.output", c, c)
        for degree in range(1, n.degrees + 1):
            yield LinearShape(f"layers.{i}.update.mix{degree}", 2 * c, c, False, degree)
        yield LinearShape(f"layers.{i}.update.hidden", n.hidden, sections_of(n.degrees) * c)
        gated = sections_of(n.degrees, last=i + 1 == n.layers, gates=True)
        yield LinearShape(f"layers.{i}.update.gates", gated * c, n.hidden)
    yield from readout(c)
