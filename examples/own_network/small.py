"""A small equivariant network in plain torch, with slots for quantizers.

What makes it a `gaq.model.protocol.Network`: linear layers are gaq's, each with a name; what neighbours send each other
passes a `Quantizer`; and the class has `cutoff`, `species`, `reference`, `energies` and `quantizers`.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from gaq.atoms.batch import AtomBatch
from gaq.geometry.vectors import smooth_length
from gaq.model.carry import carried, scalar_message_slot, summed, vector_message_slot
from gaq.model.geometry import Gauge, Geometry, describe
from gaq.model.linear import Linear
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import AGGREGATED_MESSAGES, READOUT
from gaq.quant.spec import framed


class Block(nn.Module):
    """Messages from the neighbours of an atom, and what it makes of them: s [atom, channel], v [atom, 3, channel]."""

    def __init__(self, name: str, channels: int, basis: int) -> None:
        super().__init__()
        c, read = channels, (AGGREGATED_MESSAGES,)
        self.sent = Linear(f"{name}.message.sent", c, 3 * c)
        self.filters = nn.Parameter(torch.randn(basis, 3 * c) * basis**-0.5)  # functions of distance stay in float
        self.scalars = Quantizer(scalar_message_slot(f"{name}.message", 3 * c))
        self.vectors = Quantizer(vector_message_slot(f"{name}.message", 1, c))
        self.mix = Linear(f"{name}.update.mix", c, c, degree=1, tags=read)  # a degree says: vectors, no bias
        self.gates = Linear(f"{name}.update.gates", 2 * c, 2 * c, tags=read)

    def forward(self, s: Tensor, v: Tensor, geometry: Geometry) -> tuple[Tensor, Tensor]:
        functions = (geometry.radial @ self.filters) * geometry.envelope[:, None]
        sent = self.scalars(self.sent(silu(s))).value.index_select(0, geometry.sender)
        for_s, for_v, along = (sent * functions).chunk(3, -1)
        message = geometry.harmonics[0][:, :, None] * along[:, None, :]
        message = message + for_v[:, None, :] * carried(self.vectors, 1, v, geometry)
        s = s + summed(for_s, geometry.receiver, len(s))
        v = v + summed(message, geometry.receiver, len(s))

        frame = None if geometry.frames is None else geometry.frames[0]
        mixed = self.mix(v, frame)  # the layer turns vectors into the frame, if its slot wants that
        own, scale = self.gates(torch.cat([silu(s), smooth_length(mixed, -2)], -1)).chunk(2, -1)
        return s + own, v + scale[:, None, :] * mixed


class Small(nn.Module):
    """Species and positions to energies."""

    reference: Tensor

    def __init__(self, species: tuple[int, ...], channels: int = 32, layers: int = 2, cutoff: float = 5.0) -> None:
        super().__init__()
        self.species, self.cutoff, self.basis = tuple(sorted(species)), cutoff, 16
        self.embedding = nn.Embedding(119, channels)
        self.blocks = nn.ModuleList(Block(f"blocks.{k}", channels, self.basis) for k in range(layers))
        self.energy = Linear("energy", channels, 1, bias=False, tags=(READOUT,))
        self.register_buffer("reference", torch.zeros(len(self.species), dtype=torch.float64))
        for layer in (m for m in self.modules() if isinstance(m, Linear)):
            nn.init.orthogonal_(layer.weight)  # gaq's linear layers begin at zero
        nn.init.zeros_(self.energy.weight)  # training begins at the reference energies

    def quantizers(self) -> Iterator[Quantizer]:
        """All slots; their names, roles and tags are all that a recipe sees of this network."""
        return (m for m in self.modules() if isinstance(m, Quantizer))

    def energies(self, batch: AtomBatch, gauge: Gauge = Gauge.LAB) -> Tensor:
        """Energies [structure] in eV, float64."""
        wanted = any(framed(q.spec) for q in self.quantizers())
        dtype, basis = self.embedding.weight.dtype, self.basis
        geometry = describe(batch, degrees=1, cutoff=self.cutoff, basis=basis, gauge=gauge, framed=wanted, dtype=dtype)
        s = self.embedding(batch.species)
        v = s.new_zeros(len(s), 3, s.shape[1])
        for block in self.blocks:
            s, v = block(s, v, geometry)
        row = torch.searchsorted(torch.tensor(self.species, device=s.device), batch.species)
        atomic = self.energy(silu(s))[:, 0].double() + self.reference[row]
        return atomic.new_zeros(batch.count).index_add(0, batch.structure, atomic)
