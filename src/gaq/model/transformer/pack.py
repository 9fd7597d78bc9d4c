"""What a packed file holds of a transformer: mixtures of its radial basis, temperatures of attention, and limits."""

from __future__ import annotations

from torch import Tensor

from gaq.geometry.radial import exponential_basis
from gaq.model.architecture import PackedNetwork
from gaq.model.transformer.network import Transformer, TransformerLayer


def packed(model: Transformer) -> PackedNetwork:
    """Filters f_0, f_1, a column per channel, and the bias of attention, a column per head."""
    mixtures: dict[str, Tensor] = {}
    arrays: dict[str, Tensor] = {}
    for i, layer in enumerate(model.layers):
        assert isinstance(layer, TransformerLayer)
        mixtures[f"layers.{i}.filters"] = layer.filters
        mixtures[f"layers.{i}.attention.bias"] = layer.attention.bias
        arrays[f"layers.{i}.attention.temperature"] = layer.attention.temperature
        arrays[f"layers.{i}.update.limits"] = layer.update.limits

    def basis(distance: Tensor) -> Tensor:
        return exponential_basis(distance, model.config.cutoff, model.config.basis)

    return PackedNetwork(model.config.model_dump(mode="json", exclude={"architecture"}), basis, mixtures, arrays)
