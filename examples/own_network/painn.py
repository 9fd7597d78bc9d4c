"""PaiNN (Schütt, Unke and Gastegger, arXiv 2102.03150) in plain torch, with slots for quantizers.

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
from gaq.model.geometry import Gauge, Geometry, describe
from gaq.model.linear import Linear
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot
from gaq.quant.spec import framed


class Block(nn.Module):
    """What an atom hears from its neighbours, and what it makes of it: s [atom, channel], v [atom, 3, channel]."""

    def __init__(self, name: str, channels: int, basis: int) -> None:
        super().__init__()
        c = channels
        self.hidden = Linear(f"{name}.message.hidden", c, c)
        self.sent = Linear(f"{name}.message.sent", c, 3 * c)
        self.filters = nn.Parameter(torch.randn(basis, 3 * c) * basis**-0.5)  # functions of distance stay in float
        self.scalars = Quantizer(Slot(f"{name}.message.scalar", Role.SCALAR_MESSAGE, (None, 3 * c)))
        self.vectors = Quantizer(Slot(f"{name}.message.vector", Role.VECTOR_MESSAGE, (None, 3, c), degree=1))
        self.mix = Linear(f"{name}.update.mix", c, 2 * c, degree=1)  # a degree says: vectors, no bias
        self.inner = Linear(f"{name}.update.inner", 2 * c, c)
        self.gates = Linear(f"{name}.update.gates", c, 3 * c)

    def forward(self, s: Tensor, v: Tensor, geometry: Geometry) -> tuple[Tensor, Tensor]:
        frame = None if geometry.frames is None else geometry.frames[0]
        values = self.scalars(self.sent(silu(self.hidden(s)))).value.index_select(0, geometry.sender)
        weights = values * (geometry.radial @ self.filters) * geometry.envelope[:, None]
        for_s, for_v, along = weights.chunk(3, -1)
        carried = self.carried(v, frame, geometry) * for_v[:, None, :]
        message = carried + geometry.harmonics[0][:, :, None] * along[:, None, :]
        s = s.index_add(0, geometry.receiver, for_s)
        v = v.index_add(0, geometry.receiver, message)

        a, b = self.mix(v, frame).chunk(2, -1)  # the layer turns vectors into the frame, if its slot wants that
        gates = self.gates(silu(self.inner(torch.cat([s, smooth_length(b, -2)], -1))))
        own, dot, scale = gates.chunk(3, -1)
        return s + own + dot * (a * b).sum(-2), v + a * scale[:, None, :]

    def carried(self, v: Tensor, frame: Tensor | None, geometry: Geometry) -> Tensor:
        """The senders' vectors, quantized, in the axes of the receivers [edge, 3, channel]."""
        if frame is not None and self.vectors.wants_frame:
            v = frame @ self.vectors(frame.transpose(-1, -2) @ v).value
        else:
            v = self.vectors(v).value
        v = v.index_select(0, geometry.sender)
        return v if geometry.transport is None else geometry.transport[0] @ v


class PaiNN(nn.Module):
    """Species and positions to energies. Presets speak of `readout.hidden` and `readout.energy`: so are they named."""

    reference: Tensor

    def __init__(self, species: tuple[int, ...], channels: int = 32, layers: int = 2, cutoff: float = 5.0) -> None:
        super().__init__()
        self.species, self.cutoff, self.basis = tuple(sorted(species)), cutoff, 16
        self.embedding = nn.Embedding(119, channels)
        self.blocks = nn.ModuleList(Block(f"layers.{k}", channels, self.basis) for k in range(layers))
        self.readout = Linear("readout.hidden", channels, channels)
        self.energy = Linear("readout.energy", channels, 1, bias=False)
        self.register_buffer("reference", torch.zeros(len(self.species), dtype=torch.float64))
        for layer in (m for m in self.modules() if isinstance(m, Linear)):
            nn.init.orthogonal_(layer.weight)  # gaq's linear layers begin at zero
        nn.init.zeros_(self.energy.weight)  # training begins at the reference energies

    def quantizers(self) -> Iterator[Quantizer]:
        """All slots; their names and roles are all that a recipe sees of this network."""
        return (m for m in self.modules() if isinstance(m, Quantizer))

    def energies(self, batch: AtomBatch, gauge: Gauge = Gauge.LAB) -> Tensor:
        """Energies [structure] in eV, float64."""
        wanted = any(framed(q.spec) for q in self.quantizers())
        dtype = self.embedding.weight.dtype
        geometry = describe(
            batch, degrees=1, cutoff=self.cutoff, basis=self.basis, gauge=gauge, framed=wanted, dtype=dtype
        )
        s = self.embedding(batch.species)
        v = s.new_zeros(len(s), 3, s.shape[1])
        for block in self.blocks:
            s, v = block(s, v, geometry)
        kind = torch.searchsorted(torch.tensor(self.species, device=s.device), batch.species)
        atomic = self.energy(silu(self.readout(s)))[:, 0].double() + self.reference[kind]
        return atomic.new_zeros(batch.count).index_add(0, batch.structure, atomic)
