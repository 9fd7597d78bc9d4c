"""The channels of a NequIP that a scale can be folded into."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from gaq.model.fold import Stream, divide_rows_
from gaq.model.nequip.irreps import Irrep, gathered_by

if TYPE_CHECKING:
    from gaq.model.nequip.network import NequIPLayer

EVERY = slice(None)


def streams(layers: Sequence[NequIPLayer]) -> Iterator[Stream]:
    """Yield what each layer gathers from neighbours, and vectors between layers.

    Gathered features have weights of the distance; vectors after a gate are linear in what was before it.
    """
    for layer in layers:
        start = 0
        for irrep, count in gathered_by(layer.message.paths).items():
            yield _gathered(layer, irrep, slice(start, start + count))
            start += count
    for layer, following in itertools.pairwise(layers):
        for irrep in layer.outputs:
            if irrep.degree:
                yield _between(layer, following, irrep)


def _gathered(layer: NequIPLayer, irrep: Irrep, rows: slice) -> Stream:
    def divide_(scale: Tensor) -> None:
        divide_rows_(layer.radial.last, rows, scale)

    return Stream(((layer.receive.layer(irrep), EVERY),), divide_)


def _between(layer: NequIPLayer, following: NequIPLayer, irrep: Irrep) -> Stream:
    mixings = [mixing for mixing in (following.send, following.self_connection) if mixing.has(irrep)]
    readers = tuple((mixing.layer(irrep), inputs) for mixing in mixings for inputs in mixing.inputs(irrep))

    def divide_(scale: Tensor) -> None:
        for mixing in (layer.receive, layer.self_connection):
            if mixing.has(irrep):
                divide_rows_(mixing.layer(irrep), EVERY, scale)

    return Stream(readers, divide_)
