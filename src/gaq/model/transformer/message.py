"""What neighbours send each other: invariants, and for each degree invariants times harmonics of the direction."""

from __future__ import annotations

from torch import Tensor, nn

from gaq.model.carry import scalar_message_slot, summed
from gaq.model.geometry import Geometry
from gaq.quant.quantizer import Quantizer


class Message(nn.Module):
    """s_i = Σ_j w_0 v_j;  V_i^l = Σ_j w_l Y^l(r̂_ij) g_j with factors w of each pair of atoms.

    No vectors cross an edge: they stay on their atom, where weights mix them (after NEMP, arXiv 2508.16086).
    """

    def __init__(self, name: str, channels: int, degrees: int) -> None:
        super().__init__()
        self.channels, self.degrees = channels, degrees
        self.scalar = Quantizer(scalar_message_slot(name, 2 * channels))

    def forward(self, sent: Tensor, factors: Tensor, geometry: Geometry) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return what atoms send [atom, 2 · channel] and factors [edge, 1 + degrees, channel] → sums over neighbours:
        scalars [atom, channel], vectors per degree.
        """
        c, atoms = self.channels, sent.shape[0]
        values = self.scalar(sent).value.index_select(0, geometry.sender)
        gathered = summed(factors[:, 0] * values[:, :c], geometry.receiver, atoms)
        grown = tuple(
            summed(
                geometry.harmonics[degree - 1][:, :, None] * (factors[:, degree] * values[:, c:])[:, None, :],
                geometry.receiver,
                atoms,
            )
            for degree in range(1, self.degrees + 1)
        )
        return gathered, grown
