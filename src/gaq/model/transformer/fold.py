"""The channels of a transformer that a scale can be folded into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from gaq.model.fold import Stream, divide_rows_
from gaq.model.heads import EnergyHead
from gaq.model.transformer.shapes import sections_of

if TYPE_CHECKING:
    from gaq.model.transformer.network import TransformerLayer


def streams(embedding: nn.Parameter, layers: Sequence[TransformerLayer], readout: EnergyHead) -> Iterator[Stream]:
    """Yield the scalars, the vectors of all degrees, and what each layer gathers from neighbours."""
    yield _scalars(embedding, layers, readout)
    yield _vectors(layers)
    for layer in layers:
        yield _gathered(layer)


def _scalars(embedding: nn.Parameter, layers: Sequence[TransformerLayer], readout: EnergyHead) -> Stream:
    c, degrees = layers[0].message.channels, layers[0].update.degrees
    whole = slice(0, c)
    readers = [(layer.attention.project, whole) for layer in layers] + [
        (layer.update.hidden, whole) for layer in layers
    ]

    def divide_(scale: Tensor) -> None:
        embedding.div_(scale.to(embedding))
        for layer in layers:
            divide_rows_(layer.attention.output, whole, scale)
            layer.update.limits[0] /= scale.to(layer.update.limits)
            for k in range(1 + degrees):
                divide_rows_(layer.update.gates, slice(k * c, (k + 1) * c), scale)

    return Stream((*readers, (readout.hidden, whole)), divide_)


def _vectors(layers: Sequence[TransformerLayer]) -> Stream:
    c = layers[0].message.channels
    readers = tuple((mix, slice(0, c)) for layer in layers for mix in layer.update.mix)

    def divide_(scale: Tensor) -> None:
        for layer in layers:
            filters = layer.filters
            filters[:, c:] /= scale.to(filters)
            layer.update.limits[1] /= scale.to(filters)
            if not layer.update.last:
                for first in range(1 + layer.update.degrees, sections_of(layer.update.degrees, gates=True)):
                    divide_rows_(layer.update.gates, slice(first * c, (first + 1) * c), scale)

    return Stream(readers, divide_)


def _gathered(layer: TransformerLayer) -> Stream:
    c = layer.message.channels

    def divide_(scale: Tensor) -> None:
        divide_rows_(layer.attention.project, slice(2 * c, 3 * c), scale)

    return Stream(((layer.attention.output, slice(0, c)),), divide_)
