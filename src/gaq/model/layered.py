"""The network that architectures with layers share: an embedding of species, layers, and heads on the last features.

An architecture adds what a layer is. What this file gives it: geometry in two gauges, repulsion, reference energies,
the blocks that quantization works through one after the other, and all that a checkpoint holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import torch
from pydantic import Field
from torch import Tensor, nn

from gaq.atoms.batch import AtomBatch, per_structure
from gaq.atoms.domain import Domain
from gaq.config import Frozen
from gaq.model.flow import Flow
from gaq.model.geometry import Gauge, Geometry, describe
from gaq.model.heads import EnergyHead, Head
from gaq.model.repulsion import Repulsion
from gaq.quant.quantizer import Quantizer
from gaq.quant.spec import framed

MAX_ATOMIC_NUMBER = 118


class LayeredConfig(Frozen):
    """The numbers that every layered network has; stored in each checkpoint."""

    architecture: str = Field(description="which network")
    channels: int = Field(64, ge=4, le=1024, description="F: channels of scalars and of each degree")
    layers: int = Field(6, ge=1, le=32)
    basis: int = Field(32, ge=4, le=128, description="radial functions")
    cutoff: float = Field(5.0, gt=0.5, le=20.0, description="Å")


class Layered(nn.Module):
    """Species and positions to energies. All weights are zero until they are initialised or a checkpoint is loaded."""

    row: Tensor  # [atomic number] row of a species in the embedding, −1 for one that is not known
    reference: Tensor  # [species] float64, eV
    scale: Tensor  # float64, eV
    sends_vectors = True  # over edges; without, none are carried between local frames

    def __init__(
        self, config: LayeredConfig, species: Iterable[int], layers: Iterable[nn.Module], *, degrees: int
    ) -> None:
        super().__init__()
        self.config, self.cutoff, self.degrees = config, config.cutoff, degrees
        self.species = sorted_species(species)
        n_species = len(self.species)
        self.embedding = nn.Parameter(torch.zeros(n_species, config.channels))
        self.layers = nn.ModuleList(layers)
        self.readout = EnergyHead("readout", config.channels, n_species)
        self.register_buffer("row", torch.tensor(_rows(self.species), dtype=torch.int64))
        self.register_buffer("reference", torch.zeros(n_species, dtype=torch.float64))
        self.register_buffer("scale", torch.ones((), dtype=torch.float64))
        self.repulsion = Repulsion(self.species)
        self.domain: Domain | None = None  # where it was trained

    @property
    def heads(self) -> dict[str, Head]:
        """What reads the last features, by the property that it gives."""
        return {"energy": self.readout}

    @property
    def blocks(self) -> int:
        """The number of blocks: the layers, and the readout."""
        return len(self.layers) + 1

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
        geometry, flow = self.features(batch, gauge)
        return self._atomic(self.heads["energy"](flow, geometry), batch, geometry)

    def features(self, batch: AtomBatch, gauge: Gauge = Gauge.LAB) -> tuple[Geometry, Flow]:
        """Return the geometry of a batch and the features behind the last layer, which heads read."""
        geometry, flow = self.enter(batch, gauge)
        for index in range(len(self.layers)):
            flow = self.block(index, flow, geometry)
        return geometry, flow

    def enter(self, batch: AtomBatch, gauge: Gauge = Gauge.LAB) -> tuple[Geometry, Flow]:
        """Return what all blocks see of the structures, and the features before the first of them."""
        species = self.row[batch.species]
        geometry = describe(
            batch,
            degrees=self.degrees,
            cutoff=self.config.cutoff,
            basis=self.config.basis,
            gauge=gauge,
            framed=self.framed(),
            dtype=self.embedding.dtype,
            species=species,
            repulsion=self.repulsion,
            sends_vectors=self.sends_vectors,
        )
        s = self.embedding.index_select(0, species)
        v = tuple(s.new_zeros((s.shape[0], 2 * degree + 1, s.shape[1])) for degree in range(1, self.degrees + 1))
        return geometry, Flow(s, v)

    def block(self, index: int, flow: Flow, geometry: Geometry) -> Flow:
        """Return features behind layer `index`; behind the last block, the readout: one scalar per atom, its energy."""
        if index == len(self.layers):
            return Flow(self.readout(flow, geometry), ())
        return Flow(*self.layers[index](flow, geometry))

    def part(self, index: int) -> nn.Module:
        """Return the module of a block."""
        return self.readout if index == len(self.layers) else self.layers[index]

    def leave(self, flow: Flow, batch: AtomBatch, geometry: Geometry) -> Tensor:
        """Return energies [structure] in eV from the output of the readout and the repulsion, summed in float64."""
        return per_structure(self._atomic(flow.scalars, batch, geometry), batch)

    def _atomic(self, output: Tensor, batch: AtomBatch, geometry: Geometry) -> Tensor:
        atomic = self.scale * output[:, 0].to(torch.float64) + self.reference[self.row[batch.species]]
        return atomic if geometry.repulsion is None else atomic.index_add(0, geometry.receiver, geometry.repulsion)


def sorted_species(species: Iterable[int]) -> tuple[int, ...]:
    """Atomic numbers in the order of the rows of an embedding, each of them once."""
    return tuple(sorted(set(species)))


def _rows(species: tuple[int, ...]) -> list[int]:
    """For each atomic number, its place among `species`, or −1."""
    return [species.index(z) if z in species else -1 for z in range(MAX_ATOMIC_NUMBER + 1)]
