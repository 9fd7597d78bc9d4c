"""Initial weights of a network, drawn from one generator in one order."""

from __future__ import annotations

import torch
from torch import nn

from gaq.model.linear import Linear
from gaq.model.message import Message
from gaq.model.transformer import Transformer

START_OF_ENERGY = 0.1  # the readout begins near the reference energies


@torch.no_grad()
def initialise_(model: Transformer, generator: torch.Generator) -> None:
    """Orthogonal linear weights, radial filters of variance 1 / basis, normal embeddings."""
    model.embedding.normal_(generator=generator)
    for module in model.modules():
        if isinstance(module, Linear):
            nn.init.orthogonal_(module.weight, generator=generator)
        elif isinstance(module, Message):
            module.filters.normal_(std=module.filters.shape[0] ** -0.5, generator=generator)
    model.energy.weight.mul_(START_OF_ENERGY)
