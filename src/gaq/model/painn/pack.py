"""What a packed file holds of a PaiNN: its functions of distance, finished."""

from __future__ import annotations

from torch import Tensor

from gaq.geometry.radial import envelope, exponential_basis
from gaq.model.architecture import PackedNetwork, RadialFunctions
from gaq.model.painn.network import PaiNN, PaiNNLayer


def packed(model: PaiNN) -> PackedNetwork:
    """One table per layer, `layers.{i}.radial`: three columns per channel, for s, v and r̂, times the envelope."""
    radial = {}
    for i, layer in enumerate(model.layers):
        assert isinstance(layer, PaiNNLayer)
        radial[f"layers.{i}.radial"] = _functions(layer, model.config.cutoff, model.config.basis)
    return PackedNetwork(model.config.model_dump(mode="json", exclude={"architecture"}), radial, {})


def _functions(layer: PaiNNLayer, cutoff: float, basis: int) -> RadialFunctions:
    filters = layer.message.filters.detach().double()

    def functions(distance: Tensor) -> Tensor:
        return (exponential_basis(distance, cutoff, basis) @ filters) * envelope(distance, cutoff)[:, None]

    return functions
