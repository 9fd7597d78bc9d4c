"""What a packed file holds of a transformer: functions of distance, finished, and the temperatures of attention."""

from __future__ import annotations

import torch
from torch import Tensor

from gaq.geometry.radial import exponential_basis
from gaq.model.architecture import PackedNetwork, RadialFunctions
from gaq.model.transformer.network import Transformer, TransformerLayer


def packed(model: Transformer) -> PackedNetwork:
    """One table per layer, `layers.{i}.radial`: the filters f_0, f_l, f'_l, a column per channel, then the attention's
    bias, a column per head. The envelope is no part of them.
    """
    radial, arrays = {}, {}
    for i, layer in enumerate(model.layers):
        assert isinstance(layer, TransformerLayer)
        radial[f"layers.{i}.radial"] = _functions(layer, model.config.cutoff, model.config.basis)
        arrays[f"layers.{i}.attention.temperature"] = layer.attention.temperature
        arrays[f"layers.{i}.attention.bias"] = layer.attention.bias  # format 3; format 4 has them in the tables
        arrays[f"layers.{i}.filters"] = layer.message.filters
    return PackedNetwork(model.config.model_dump(mode="json", exclude={"architecture"}), radial, arrays)


def _functions(layer: TransformerLayer, cutoff: float, basis: int) -> RadialFunctions:
    columns = torch.cat([layer.message.filters, layer.attention.bias], -1).detach().double()

    def functions(distance: Tensor) -> Tensor:
        return exponential_basis(distance, cutoff, basis) @ columns

    return functions
