"""How a NequIP begins: all its random numbers, drawn from one generator in one order."""

from __future__ import annotations

from math import pi

import torch

from gaq.model.heads import START_OF_ENERGY
from gaq.model.linear import Linear
from gaq.model.nequip.network import NequIP

GAIN = 1.679  # 1 / rms of silu(x) for x of variance 1
NEIGHBOURS = 16.0  # over which a message is summed, roughly


@torch.no_grad()
def initialise_(model: NequIP, generator: torch.Generator) -> None:
    """Normal weights of variance 1 / inputs, so that all features begin with a variance near 1; normal embeddings.

    Source: Batzner et al., 2022, methods; with the frequencies nπ / cutoff of Bessel functions.
    """
    model.embedding.normal_(generator=generator)
    model.frequencies.copy_(torch.arange(1, model.config.basis + 1) * (pi / model.config.cutoff))
    for layer in model._layers():
        for module in layer.modules():
            if isinstance(module, Linear):
                module.weight.normal_(std=module.weight.shape[1] ** -0.5, generator=generator)
        for hidden in list(layer.radial.layers)[1:]:
            assert isinstance(hidden, Linear)
            hidden.weight.mul_(GAIN)
        layer.radial.last.weight.div_(NEIGHBOURS**0.5)
        if layer.self_connection.by_species:
            for irrep in layer.inputs:
                if layer.self_connection.has(irrep):
                    layer.self_connection.layer(irrep).weight.mul_(layer.self_connection.n_species**0.5)
    for linear in (model.readout.hidden, model.readout.energy):
        linear.weight.normal_(std=linear.weight.shape[1] ** -0.5, generator=generator)
    model.readout.energy.weight.mul_(START_OF_ENERGY)
