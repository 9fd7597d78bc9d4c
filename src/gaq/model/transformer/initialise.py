"""How a transformer begins: all its random numbers, drawn from one generator in one order."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from gaq.model.heads import START_OF_ENERGY
from gaq.model.linear import orthogonal_
from gaq.model.transformer.network import Transformer, TransformerLayer


@torch.no_grad()
def initialise_(model: Transformer, generator: torch.Generator) -> None:
    """Orthogonal linear weights, radial filters of variance 1 / basis, normal embeddings.

    The order is fixed, so that a seed keeps its meaning: messages of all layers, updates of all layers, readout.
    """
    model.embedding.normal_(generator=generator)
    for layer in _layers(model):
        layer.filters.normal_(std=model.config.basis**-0.5, generator=generator)
        orthogonal_(layer.attention, generator)
    for layer in _layers(model):
        orthogonal_(layer.update, generator)
    orthogonal_(model.readout, generator)
    model.readout.energy.weight.mul_(START_OF_ENERGY)


def _layers(model: Transformer) -> Iterator[TransformerLayer]:
    return (layer for layer in model.layers if isinstance(layer, TransformerLayer))
