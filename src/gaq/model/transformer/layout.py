"""What a packed transformer consists of. Without torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gaq.model.layout import Layout, LinearShape, Wanted, readout


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


def _linears(n: TransformerNumbers) -> Iterator[LinearShape]:
    c, gated = n.channels, (1 + 2 * n.degrees) * n.channels
    for i in range(n.layers):
        yield LinearShape(f"layers.{i}.attention.project", 4 * c, c)
        yield LinearShape(f"layers.{i}.attention.output", c, c)
        for degree in range(1, n.degrees + 1):
            yield LinearShape(f"layers.{i}.update.mix{degree}", 2 * c, c, False, degree)
        yield LinearShape(f"layers.{i}.update.hidden", n.hidden, gated)
        yield LinearShape(f"layers.{i}.update.gates", gated, n.hidden)
    yield from readout(c)


def _slots(n: TransformerNumbers) -> Iterator[str]:
    for i in range(n.layers):
        yield from (f"layers.{i}.attention.query", f"layers.{i}.attention.key", f"layers.{i}.message.scalar")
        yield from (f"layers.{i}.message.vector.l{degree}" for degree in range(1, n.degrees + 1) if i)


def radial_functions(n: TransformerNumbers, layer: int) -> int:
    """Radial functions per channel in a layer: the first has no vectors to carry."""
    return 1 + n.degrees * (2 if layer else 1)


def _arrays(n: TransformerNumbers) -> dict[str, Wanted]:
    arrays = {}
    for i in range(n.layers):
        arrays[f"layers.{i}.attention.temperature"] = Wanted("F32", (n.heads,))
        arrays[f"layers.{i}.attention.bias"] = Wanted("F32", (n.basis, n.heads))
        arrays[f"layers.{i}.filters"] = Wanted("F32", (n.basis, radial_functions(n, i) * n.channels))
    return arrays


def _check(n: TransformerNumbers) -> str:
    return f"{n.channels} channels are not a multiple of {n.heads} heads" if n.channels % n.heads else ""


LAYOUT = Layout(
    "transformer",
    TransformerNumbers,
    _linears,
    _slots,
    _arrays,
    limits={
        "channels": (4, 1024),
        "degrees": (1, 3),
        "layers": (1, 32),
        "heads": (1, 64),  # room on the stack of the engine's attention
        "basis": (4, 128),
        "hidden": (4, 4096),
        "cutoff": (0.5, 20.0),
    },
    choices={"attention": ("cosine", "dot")},
    check=_check,
)
