"""What a packed file holds of a PaiNN: mixtures of its radial basis."""

from __future__ import annotations

from torch import Tensor

from gaq.geometry.radial import envelope, exponential_basis
from gaq.model.architecture import ENDING_AT_THE_CUTOFF, PackedNetwork
from gaq.model.painn.network import PaiNN, PaiNNLayer

# An envelope in the table needs knots near the cutoff, where those for the basis alone lie 1 Å apart. With these the
# interpolated slope of every function is off by less than 2e-6 of its height per Å, for 8 to 32 functions.
DECAY, KNOTS, KNOTS_PER_FUNCTION = 2.5, 120, 4


def packed(model: PaiNN) -> PackedNetwork:
    """Filters for s, v and r̂ in turn, a column per channel; the functions that they mix end at the cutoff."""
    mixtures = {}
    for i, layer in enumerate(model.layers):
        assert isinstance(layer, PaiNNLayer)
        mixtures[f"layers.{i}.filters"] = layer.filters

    def basis(distance: Tensor) -> Tensor:
        ending = envelope(distance, model.config.cutoff)[..., None]
        return exponential_basis(distance, model.config.cutoff, model.config.basis) * ending

<<<<<<< f7d6b2fb40590dc99b62a0553d8dcbb3c164b700
    config = model.config.model_dump(mode="json", exclude={"architecture"})
    return PackedNetwork(config, basis, mixtures, {}, DECAY, KNOTS + KNOTS_PER_FUNCTION * model.config.basis)
=======
    return PackedNetwork(
        model.config.model_dump(mode="json", exclude={"architecture"}), basis, mixtures, {}, ENDING_AT_THE_CUTOFF
    )
>>>>>>> 3ccc4c10831db307de1954826c36ef4158b77fcc
