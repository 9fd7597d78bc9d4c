"""What a packed file holds of a PaiNN: mixtures of its radial basis."""

from __future__ import annotations

from torch import Tensor

from gaq.model.architecture import PackedNetwork
from gaq.model.painn.network import PaiNN, PaiNNLayer
from gaq.model.painn.radial import ENDINGS


def packed(model: PaiNN) -> PackedNetwork:
    """Filters for s, v and r̂ in turn, a column per channel; the functions that they mix end at the cutoff.

    Radial functions are tables, so a file does not say which basis and which ending they had.
    """
    mixtures = {}
    for i, layer in enumerate(model.layers):
        assert isinstance(layer, PaiNNLayer)
        mixtures[f"layers.{i}.filters"] = layer.filters
    config = model.config.model_dump(mode="json", exclude={"architecture", "radial", "ending"})
    ending = ENDINGS[model.config.ending]

    def functions(distance: Tensor) -> Tensor:
        return model.radial(distance) * ending(distance, model.config.cutoff)[..., None]

    return PackedNetwork(config, functions, mixtures, {}, model.radial.grid())
