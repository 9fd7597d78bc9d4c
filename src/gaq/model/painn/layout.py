"""What a packed PaiNN consists of. Without torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from gaq.model.layout import Layout, LinearShape, Wanted, readout


@dataclass(frozen=True)
class PaiNNNumbers:
    """The numbers that define a network, as in its configuration; cutoff in Å."""

    channels: int
    layers: int
    basis: int
    cutoff: float
    degrees: ClassVar[int] = 1


def _linears(n: PaiNNNumbers) -> Iterator[LinearShape]:
    c = n.channels
    for i in range(n.layers):
        yield LinearShape(f"layers.{i}.message.hidden", c, c)
        yield LinearShape(f"layers.{i}.message.sent", 3 * c, c)
        yield LinearShape(f"layers.{i}.update.mix1", 2 * c, c, False, 1)
        yield LinearShape(f"layers.{i}.update.hidden", c, 2 * c)
        yield LinearShape(f"layers.{i}.update.gates", 3 * c, c)
    yield from readout(c)


def _slots(n: PaiNNNumbers) -> Iterator[str]:
    for i in range(n.layers):
        yield f"layers.{i}.message.scalar"
        if i:
            yield f"layers.{i}.message.vector.l1"


def _functions(n: PaiNNNumbers) -> Iterator[tuple[str, int]]:
    for i in range(n.layers):
        yield f"layers.{i}.filters", 3 * n.channels


def _arrays(n: PaiNNNumbers) -> dict[str, Wanted]:
    return {}


LAYOUT = Layout(
    "painn",
    PaiNNNumbers,
    _linears,
    _slots,
    _functions,
    _arrays,
    limits={"channels": (4, 1024), "layers": (1, 32), "basis": (4, 128), "cutoff": (0.5, 20.0)},
)
