"""What neighbours send each other: invariant messages and, for each degree, equivariant ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gaq.model.carry import carried, scalar_message_slot, summed, vector_message_slot
from gaq.model.geometry import Geometry
from gaq.quant.quantizer import Quantizer


class Message(nn.Module):
    """s_i = Σ_j α_ij f_0 v_j;  V_i^l = Σ_j α_ij (f_l Y^l(r̂_ij) g_j + f'_l V_j^l), f being functions of r_ij.

    `first` leaves out the part of the first layer that would carry features which are still zero.
    """

    def __init__(self, name: str, channels: int, degrees: int, basis: int, *, first: bool) -> None:
        super().__init__()
        self.channels, self.degrees, self.first = channels, degrees, first
        self.filters = nn.Parameter(torch.zeros(basis, (1 + degrees * (1 if first else 2)) * channels))
        self.scalar = Quantizer(scalar_message_slot(name, 2 * channels))
        carrying = [] if first else range(1, degrees + 1)
        self.vector = nn.ModuleDict(
            {f"l{degree}": Quantizer(vector_message_slot(name, degree, channels)) for degree in carrying}
        )

    def forward(
        self, sent: Tensor, v: tuple[Tensor, ...], weight: Tensor, geometry: Geometry
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """What atoms send [atom, 2 · channel], their vectors and attention weights [edge, 1, channel] → sums over
        neighbours: scalars [atom, channel], vectors per degree.
        """
        c = self.channels
        filters = self.weighted_filters(weight, geometry)
        values = self.scalar(sent).value.index_select(0, geometry.sender)
        gathered = summed(filters[:, 0] * values[:, :c], geometry.receiver, sent.shape[0])
        grown = tuple(
            self._vector(degree, filters, values[:, c:], v, geometry) for degree in range(1, self.degrees + 1)
        )
        return gathered, grown

    def weighted_filters(self, weight: Tensor, geometry: Geometry) -> Tensor:
        """α f(r): [edge, function, channel]; f_0, then f_l and f'_l for each degree."""
        return (geometry.radial @ self.filters).unflatten(-1, (-1, self.channels)) * weight

    def _vector(self, degree: int, filters: Tensor, gates: Tensor, v: tuple[Tensor, ...], geometry: Geometry) -> Tensor:
        message = geometry.harmonics[degree - 1][:, :, None] * (filters[:, degree] * gates)[:, None, :]
        if not self.first:
            sent = carried(self.slot(degree), degree, v[degree - 1], geometry)
            message = message + filters[:, self.degrees + degree][:, None, :] * sent
        return summed(message, geometry.receiver, v[degree - 1].shape[0])

    def slot(self, degree: int) -> Quantizer:
        """The quantizer of the vectors that atoms send; the first layer has none."""
        quantizer = self.vector[f"l{degree}"]
        assert isinstance(quantizer, Quantizer)
        return quantizer
