"""The numbers and linear layers of a PaiNN. Without torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from gaq.model.layout import LinearShape, readout


@dataclass(frozen=True)
class PaiNNNumbers:
    """The numbers that define a network, as in its configuration; cutoff in Å."""

    channels: int
    layers: int
    basis: int
    cutoff: float
    readout: int = 0  # width of the readout's hidden layer; 0: as channels
    degrees: ClassVar[int] = 1


def linears(n: PaiNNNumbers) -> Iterator[LinearShape]:
    """Yield every linear layer, in the order in which a structure meets them."""
    c = n.channels
    for i in range(n.layers):
        yield LinearShape(f"layers.{i}.message.hidden", c, c)
        yield LinearShape(f"layers.{i}.message.sent", 3 * c, c)
        yield LinearShape(f"layers.{i}.update.mix1", 2 * c, c, False, 1)
        yield LinearShape(f"layers.{i}.update.hidden", c, 2 * c)
        yield LinearShape(f"layers.{i}.update.gates", 3 * c, c)
    yield from readout(c, n.readout or c)
