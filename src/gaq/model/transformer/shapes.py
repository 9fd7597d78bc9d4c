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


def linears(n: TransformerNumbers) -> Iterator[LinearShape]:
    """Yield every linear layer, in the order in which a structure meets them."""
    c, gated = n.channels, (1 + 2 * n.degrees) * n.channels
    for i in range(n.layers):
        yield LinearShape(f"layers.{i}.attention.project", 4 * c, c)
        yield LinearShape(f"layers.{i}.attention.output", c, c)
        for degree in range(1, n.degrees + 1):
            yield LinearShape(f"layers.{i}.update.mix{degree}", 2 * c, c, False, degree)
        yield LinearShape(f"layers.{i}.update.hidden", n.hidden, gated)
        last = i + 1 == n.layers  # nobody reads its vectors
        yield LinearShape(f"layers.{i}.update.gates", (1 + n.degrees) * c if last else gated, n.hidden)
    yield from readout(c)
