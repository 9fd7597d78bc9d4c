"""How a PaiNN begins: all its random numbers, drawn from one generator in one order."""

from __future__ import annotations

import torch

from gaq.model.heads import START_OF_ENERGY
from gaq.model.linear import orthogonal_
from gaq.model.painn.network import PaiNN, PaiNNLayer


@torch.no_grad()
def initialise_(model: PaiNN, generator: torch.Generator) -> None:
    """Orthogonal linear weights, radial filters of variance 1 / basis, normal embeddings."""
    model.embedding.normal_(generator=generator)
    for layer in model.layers:
        assert isinstance(layer, PaiNNLayer)
        layer.filters.normal_(std=model.config.basis**-0.5, generator=generator)
    orthogonal_(model, generator)
    model.readout.energy.weight.mul_(START_OF_ENERGY)
