"""What neighbours send each other: invariants, and invariants times harmonics of the direction."""

from __future__ import annotations

from torch import Tensor, nn

from gaq.model.carry import scalar_message_slot, summed
from gaq.model.geometry import Geometry
from gaq.quant.quantizer import Quantizer


class Message(nn.Module):
    """s_i = Σ_j w_0 v_j;  V_i^l = Σ_j w_1 g_j Y^l(r̂_ij) of all degrees, with factors w of each pair of atoms.

    No vectors cross an edge: they stay on their atom, where weights mix them (after NEMP, arXiv 2508.16086).
    """

    def __init__(self, name: str, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.scalar = Quantizer(scalar_message_slot(name, 2 * channels))

    def forward(self, sent: Tensor, factors: Tensor, geometry: Geometry) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return what atoms send [atom, 2 · channel] and factors [edge, 2, channel] → sums over neighbours:
        scalars [atom, channel], vectors per degree.
        """
        c, atoms = self.channels, sent.shape[0]
        values = self.scalar(sent).value.index_select(0, geometry.sender)
        gathered = summed(factors[:, 0] * values[:, :c], geometry.receiver, atoms)
        grown = (factors[:, 1] * values[:, c:])[:, None, :]
        received = tuple(
            summed(harmonics[:, :, None] * grown, geometry.receiver, atoms) for harmonics in geometry.harmonics
        )
        return gathered, received
