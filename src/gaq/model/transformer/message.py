"""What neighbours send each other: invariant messages and, for each degree, equivariant ones."""

from __future__ import annotations

from torch import Tensor, nn

from gaq.model.carry import carried, scalar_message_slot, summed, vector_message_slot
from gaq.model.geometry import Geometry
from gaq.quant.quantizer import Quantizer


class Message(nn.Module):
    """s_i = Σ_j w_0 v_j;  V_i^l = Σ_j (w_l Y^l(r̂_ij) g_j + w'_l V_j^l) with factors w of each pair of atoms.

    `first` leaves out the part of the first layer that would carry features which are still zero.
    """

    def __init__(self, name: str, channels: int, degrees: int, *, first: bool) -> None:
        super().__init__()
        self.channels, self.degrees, self.first = channels, degrees, first
        self.scalar = Quantizer(scalar_message_slot(name, 2 * channels))
        carrying = [] if first else range(1, degrees + 1)
        self.vector = nn.ModuleDict(
            {f"l{degree}": Quantizer(vector_message_slot(name, degree, channels)) for degree in carrying}
        )

    def forward(
        self, sent: Tensor, v: tuple[Tensor, ...], factors: Tensor, geometry: Geometry
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return what atoms send [atom, 2 · channel], their vectors, and factors [edge, function, channel] → sums over
        neighbours: scalars [atom, channel], vectors per degree. Factors are w_0, then w_l and w'_l for each degree.
        """
        c = self.channels
        values = self.scalar(sent).value.index_select(0, geometry.sender)
        gathered = summed(factors[:, 0] * values[:, :c], geometry.receiver, sent.shape[0])
        grown = tuple(
            self._vector(degree, factors, values[:, c:], v, geometry) for degree in range(1, self.degrees + 1)
        )
        return gathered, grown

    def _vector(self, degree: int, factors: Tensor, gates: Tensor, v: tuple[Tensor, ...], geometry: Geometry) -> Tensor:
        message = geometry.harmonics[degree - 1][:, :, None] * (factors[:, degree] * gates)[:, None, :]
        if not self.first:
            sent = carried(self.slot(degree), degree, v[degree - 1], geometry)
            message = message + factors[:, self.degrees + degree][:, None, :] * sent
        return summed(message, geometry.receiver, v[degree - 1].shape[0])

    def slot(self, degree: int) -> Quantizer:
        """Return the quantizer of the vectors that atoms send; the first layer has none."""
        quantizer = self.vector[f"l{degree}"]
        assert isinstance(quantizer, Quantizer)
        return quantizer
