"""The channels of a PaiNN that a scale can be folded into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from gaq.model.fold import Stream, divide_rows_
from gaq.model.heads import EnergyHead

if TYPE_CHECKING:
    from gaq.model.painn.network import PaiNNLayer


def streams(embedding: nn.Parameter, layers: Sequence[PaiNNLayer], readout: EnergyHead) -> Iterator[Stream]:
    """Yield the scalars and the vectors; what is gathered from neighbours goes into both as it is."""
    c = layers[0].message.channels
    whole = slice(0, c)
    readers = [(layer.message.hidden, whole) for layer in layers] + [(layer.update.hidden, whole) for layer in layers]

    def divide_scalars_(scale: Tensor) -> None:
        embedding.div_(scale.to(embedding))
        for layer in layers:
            _divide_filters_(layer.filters, whole, scale)
            for rows in (slice(0, c), slice(c, 2 * c)):
                divide_rows_(layer.update.gates, rows, scale)

    def divide_vectors_(scale: Tensor) -> None:
        for layer in layers:
            _divide_filters_(layer.filters, slice(2 * c, 3 * c), scale)
            divide_rows_(layer.update.gates, slice(2 * c, 3 * c), scale)

    yield Stream((*readers, (readout.hidden, whole)), divide_scalars_)
    yield Stream(tuple((layer.update.mix1, whole) for layer in layers), divide_vectors_)


def _divide_filters_(filters: nn.Parameter, columns: slice, scale: Tensor) -> None:
    filters[:, columns] /= scale.to(filters)
