"""What a packed file holds of a PaiNN: mixtures of its radial basis."""

from __future__ import annotations

from torch import Tensor

from gaq.geometry.radial import envelope, exponential_basis
from gaq.model.architecture import ENDING_AT_THE_CUTOFF, PackedNetwork
from gaq.model.painn.network import PaiNN, PaiNNLayer


def packed(model: PaiNN) -> PackedNetwork:
    """Filters for s, v and r̂ in turn, a column per channel; the functions that they mix end at the cutoff."""
    mixtures = {}
    for i, layer in enumerate(model.layers):
        assert isinstance(layer, PaiNNLayer)
        mixtures[f"layers.{i}.filters"] = layer.filters

    def basis(distance: Tensor) -> Tensor:
        ending = envelope(distance, model.config.cutoff)[..., None]
        return exponential_basis(distance, model.config.cutoff, model.config.basis) * ending

    return PackedNetwork(
        model.config.model_dump(mode="json", exclude={"architecture"}), basis, mixtures, {}, ENDING_AT_THE_CUTOFF
    )
