"""What a packed PaiNN consists of. Without torch."""

from __future__ import annotations

from collections.abc import Iterator

from gaq.model.layout import Layout, Wanted
from gaq.model.painn.shapes import PaiNNNumbers, linears


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


def _check(n: PaiNNNumbers) -> str:
    return f"a readout of {n.readout} is wider than the {n.channels} channels" if n.readout > n.channels else ""


LAYOUT = Layout(
    "painn",
    PaiNNNumbers,
    linears,
    _slots,
    _functions,
    _arrays,
    limits={"channels": (4, 1024), "layers": (1, 32), "basis": (4, 128), "cutoff": (0.5, 20.0), "readout": (0, 1024)},
    check=_check,
)
