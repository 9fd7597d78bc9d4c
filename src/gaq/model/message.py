"""Messages between neighbours: invariant ones and, for each degree, equivariant ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gaq.model.attention import Attention
from gaq.model.geometry import Geometry
from gaq.model.linear import Linear
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot


class Message(nn.Module):
    """s_i += W_o Σ_j α_ij f_0 v_j;  V_i^l += Σ_j α_ij (f_l Y^l(r̂_ij) g_j + f'_l V_j^l), f being functions of
    r_ij.

    `first` leaves out the part of the first layer that would carry features which are still zero.
    """

    def __init__(
        self,
        name: str,
        channels: int,
        degrees: int,
        heads: int,
        basis: int,
        *,
        n_species: int,
        normalise: str,
        first: bool,
    ) -> None:
        super().__init__()
        self.channels, self.degrees, self.heads, self.first = channels, degrees, heads, first
        self.project = Linear(f"{name}.attention.project", channels, 4 * channels, n_species=n_species)
        self.attention = Attention(f"{name}.attention", channels, heads, basis, normalise)
        self.output = Linear(f"{name}.attention.output", channels, channels, n_species=n_species)
        self.filters = nn.Parameter(torch.zeros(basis, (1 + degrees * (1 if first else 2)) * channels))
        self.scalar = Quantizer(Slot(f"{name}.message.scalar", Role.SCALAR_MESSAGE, (None, 2 * channels)))
        self.vectors = nn.ModuleList(
            Quantizer(_message_slot(name, degree, channels)) for degree in ([] if first else range(1, degrees + 1))
        )

    def forward(self, s: Tensor, v: tuple[Tensor, ...], geometry: Geometry) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Scalars [atom, channel] and vectors per degree → what is added to each."""
        c = self.channels
        query, key, sent = self.project(s, species=geometry.species).split((c, c, 2 * c), -1)
        weight = self.attention(query, key, geometry)
        # One contiguous factor per channel: broadcasting over heads costs three times as much.
        weight = weight[:, :, None].expand(-1, -1, c // self.heads).reshape(-1, 1, c)
        filters = (geometry.radial @ self.filters).unflatten(-1, (-1, c)) * weight
        values = self.scalar(sent).value.index_select(0, geometry.sender)
        gathered = _summed(filters[:, 0] * values[:, :c], geometry.receiver, s.shape[0])
        grown = tuple(
            self._vector(degree, filters, values[:, c:], v, geometry) for degree in range(1, self.degrees + 1)
        )
        return self.output(gathered, species=geometry.species), grown

    def _vector(self, degree: int, filters: Tensor, gates: Tensor, v: tuple[Tensor, ...], geometry: Geometry) -> Tensor:
        message = geometry.harmonics[degree - 1][:, :, None] * (filters[:, degree] * gates)[:, None, :]
        if not self.first:
            carried = self._carried(degree, v[degree - 1], geometry)
            message = message + filters[:, self.degrees + degree][:, None, :] * carried
        return _summed(message, geometry.receiver, v[degree - 1].shape[0])

    def _carried(self, degree: int, v: Tensor, geometry: Geometry) -> Tensor:
        """Return the senders' features [edge, 2l+1, channel] in the receivers' axes."""
        slot = self.vectors[degree - 1]
        frame = geometry.frames[degree - 1] if geometry.frames is not None and slot.wants_frame else None
        if frame is not None:
            v = torch.matmul(frame, slot(torch.matmul(frame.transpose(-1, -2), v)).value)
        else:
            v = slot(v).value
        carried = v.index_select(0, geometry.sender)
        return carried if geometry.transport is None else torch.matmul(geometry.transport[degree - 1], carried)


def _message_slot(name: str, degree: int, channels: int) -> Slot:
    shape = (None, 2 * degree + 1, channels)
    return Slot(f"{name}.message.vector.l{degree}", Role.VECTOR_MESSAGE, shape, degree)


def _summed(message: Tensor, receiver: Tensor, atoms: int) -> Tensor:
    """Return the sum over the neighbours of each atom, in the canonical order of the edges."""
    total = torch.zeros((atoms, *message.shape[1:]), dtype=message.dtype, device=message.device)
    return total.index_add(0, receiver, message)
