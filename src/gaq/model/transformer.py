"""The SO(3)-equivariant transformer, after arXiv 2603.05343, with slots for quantizers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn.functional import silu

from gaq.atoms.batch import AtomBatch, per_structure
from gaq.atoms.domain import Domain
from gaq.config import Frozen
from gaq.model.geometry import Gauge, Geometry, describe
from gaq.model.linear import Linear
from gaq.model.message import Message
from gaq.model.repulsion import Repulsion
from gaq.model.update import Update
from gaq.quant.quantizer import Quantizer
from gaq.quant.spec import framed

MAX_ATOMIC_NUMBER = 118


class TransformerConfig(Frozen):
    """The numbers that define a network; stored in every checkpoint."""

    channels: int = Field(64, ge=4, le=1024, description="F: channels of scalars and of each degree")
    degrees: int = Field(1, ge=1, le=3, description="L: largest degree of the equivariant features")
    layers: int = Field(6, ge=1, le=32)
    heads: int = Field(4, ge=1, le=1024)
    basis: int = Field(32, ge=4, le=128, description="radial functions")
    hidden: int = Field(64, ge=4, le=4096, description="width of the update's hidden layer")
    cutoff: float = Field(5.0, gt=0.5, le=20.0, description="Å")
    attention: Literal["cosine", "dot"] = "cosine"

    @model_validator(mode="after")
    def _whole_heads(self) -> Self:
        if self.channels % self.heads:
            raise ValueError(f"channels ({self.channels}) must be a multiple of heads ({self.heads})")
        return self


class Flow(NamedTuple):
    """The features of all atoms between two blocks."""

    scalars: Tensor  # [atom, channel]
    vectors: tuple[Tensor, ...]  # [atom, 2l+1, channel] for each degree


class Transformer(nn.Module):
    """Species and positions to energies: embedding, layers of message and update, a readout per atom.

    All weights are zero until `initialise_` draws them or a checkpoint is loaded.
    """

    row: Tensor  # [atomic number] row of a species in the embedding, −1 for one that is not known
    reference: Tensor  # [species] float64, eV
    scale: Tensor  # float64, eV

    def __init__(self, config: TransformerConfig, species: tuple[int, ...]) -> None:
        super().__init__()
        c = config
        self.config, self.cutoff = config, c.cutoff
        self.species = tuple(sorted(set(species)))
        n_species = len(self.species)
        self.embedding = nn.Parameter(torch.zeros(n_species, c.channels))
        self.messages = nn.ModuleList(
            Message(
                f"layers.{i}",
                c.channels,
                c.degrees,
                c.heads,
                c.basis,
                n_species=n_species,
                normalise=c.attention,
                first=i == 0,
            )
            for i in range(c.layers)
        )
        self.updates = nn.ModuleList(
            Update(f"layers.{i}.update", c.channels, c.degrees, c.hidden, n_species) for i in range(c.layers)
        )
        self.readout = Linear("readout.hidden", c.channels, c.channels, n_species=n_species)
        self.energy = Linear("readout.energy", c.channels, 1, bias=False, n_species=n_species)
        self.register_buffer("row", torch.tensor(_rows(self.species), dtype=torch.int64))
        self.register_buffer("reference", torch.zeros(len(self.species), dtype=torch.float64))
        self.register_buffer("scale", torch.ones((), dtype=torch.float64))
        self.repulsion = Repulsion(self.species)
        self.domain: Domain | None = None  # where it was trained

    def quantizers(self) -> Iterator[Quantizer]:
        """Yield all quantizers, in the order in which a structure meets them."""
        return (m for m in self.modules() if isinstance(m, Quantizer))

    def framed(self) -> bool:
        """Return whether any slot wants the components of vectors in the atom's own frame."""
        return any(framed(q.spec) for q in self.quantizers())

    def set_references(self, energies: Mapping[int, float], scale: float) -> None:
        """Energy of each species (eV) and the scale of the network's output (eV)."""
        self.reference.copy_(torch.tensor([energies[z] for z in self.species], dtype=torch.float64))
        self.scale.fill_(scale)

    def energies(self, batch: AtomBatch, gauge: Gauge = Gauge.LAB) -> Tensor:
        """Return energies [structure] in eV, in float64: E = Σ_i (E_Z + scale · readout(s_i) + Σ_j repulsion(r_ij) /
        2).
        """
        return per_structure(self.atomic_energies(batch, gauge), batch)

    def atomic_energies(self, batch: AtomBatch, gauge: Gauge = Gauge.LAB) -> Tensor:
        """Return energies [atom] in eV, float64; their sum is the energy of the structure."""
        geometry, flow = self.enter(batch, gauge)
        for index in range(self.config.layers + 1):
            flow = self.block(index, flow, geometry)
        return self._atomic(flow, batch, geometry)

    def enter(self, batch: AtomBatch, gauge: Gauge = Gauge.LAB) -> tuple[Geometry, Flow]:
        """Return what all blocks see of the structures, and the features before the first of them."""
        c = self.config
        species = self.row[batch.species]
        geometry = describe(
            batch,
            degrees=c.degrees,
            cutoff=c.cutoff,
            basis=c.basis,
            gauge=gauge,
            framed=self.framed(),
            dtype=self.embedding.dtype,
            species=species,
            repulsion=self.repulsion,
        )
        s = self.embedding.index_select(0, species)
        v = tuple(s.new_zeros((s.shape[0], 2 * degree + 1, s.shape[1])) for degree in range(1, c.degrees + 1))
        return geometry, Flow(s, v)

    def block(self, index: int, flow: Flow, geometry: Geometry) -> Flow:
        """Return features after layer `index`; after the last, the readout: one scalar per atom, its energy."""
        if index == self.config.layers:
            hidden = silu(self.readout(flow.scalars, species=geometry.species))
            return Flow(self.energy(hidden, species=geometry.species), ())
        message, update = self.parts(index)
        scalars, vectors = message(flow.scalars, flow.vectors, geometry)
        s = flow.scalars + scalars
        v = tuple(old + new for old, new in zip(flow.vectors, vectors, strict=True))
        return Flow(*update(s, v, geometry))

    def leave(self, flow: Flow, batch: AtomBatch, geometry: Geometry) -> Tensor:
        """Return energies [structure] in eV from the output of the readout and the repulsion, summed in float64."""
        return per_structure(self._atomic(flow, batch, geometry), batch)

    def _atomic(self, flow: Flow, batch: AtomBatch, geometry: Geometry) -> Tensor:
        atomic = self.scale * flow.scalars[:, 0].to(torch.float64) + self.reference[self.row[batch.species]]
        return atomic if geometry.repulsion is None else atomic.index_add(0, geometry.receiver, geometry.repulsion)

    def parts(self, index: int) -> tuple[nn.Module, nn.Module]:
        """Return the two modules of a block: message and update, or the two layers of the readout."""
        if index == self.config.layers:
            return self.readout, self.energy
        return self.messages[index], self.updates[index]


def _rows(species: tuple[int, ...]) -> list[int]:
    """For each atomic number, its place among `species`, or −1."""
    return [species.index(z) if z in species else -1 for z in range(MAX_ATOMIC_NUMBER + 1)]
