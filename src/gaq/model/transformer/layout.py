"""What a packed transformer consists of. Without torch."""

from __future__ import annotations

from collections.abc import Iterator

from gaq.model.layout import Layout, Wanted
from gaq.model.transformer.shapes import FUNCTIONS, TransformerNumbers, linears


def _slots(n: TransformerNumbers) -> Iterator[str]:
    for i in range(n.layers):
        yield from (f"layers.{i}.attention.query", f"layers.{i}.attention.key", f"layers.{i}.message.scalar")


def _functions(n: TransformerNumbers) -> Iterator[tuple[str, int]]:
    for i in range(n.layers):
        yield f"layers.{i}.attention.bias", n.heads
        yield f"layers.{i}.filters", FUNCTIONS * n.channels


def _arrays(n: TransformerNumbers) -> dict[str, Wanted]:
    wanted = {}
    for i in range(n.layers):
        wanted[f"layers.{i}.attention.temperature"] = Wanted("F32", (n.heads,))
        wanted[f"layers.{i}.update.limits"] = Wanted("F32", (2, n.channels))
    return wanted


def _check(n: TransformerNumbers) -> str:
    return f"{n.channels} channels are not a multiple of {n.heads} heads" if n.channels % n.heads else ""


LAYOUT = Layout(
    "transformer",
    TransformerNumbers,
    linears,
    _slots,
    _functions,
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
