"""NequIP (Batzner et al., 2022, arXiv 2101.03164), with slots for quantizers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn.functional import silu
from torch.utils.checkpoint import checkpoint

from gaq.atoms.batch import AtomBatch
from gaq.geometry.radial import bessel, xplor
from gaq.model.flow import Flow
from gaq.model.fold import Stream
from gaq.model.geometry import Gauge, Geometry
from gaq.model.heads import EnergyHead
from gaq.model.layered import Layered, LayeredConfig, sorted_species
from gaq.model.nequip.fold import streams
from gaq.model.nequip.irreps import (
    INVARIANT,
    Channels,
    Irrep,
    Parities,
    gates_of,
    gathered_by,
    irreps_up_to,
    paths_between,
)
from gaq.model.nequip.message import ProductMessage
from gaq.model.nequip.mixing import Features, Mixing, added, features_of
from gaq.model.nequip.radial import RadialNetwork
from gaq.quant.slot import AGGREGATED_MESSAGES

MOST_EDGES = 2**15  # whose products are held at once: some gigabytes in a SevenNet-0


class NequIPConfig(LayeredConfig):
    """The numbers that define a NequIP."""

    architecture: Literal["nequip"] = Field("nequip", description="which network")
    channels: int = Field(32, ge=4, le=1024, description="channels of invariants")
    degrees: int = Field(2, ge=1, le=3, description="L: largest degree of features and of harmonics")
    vector_channels: list[int] = Field(
        [], description="channels of each degree from 1 to L; without, as many as of invariants"
    )
    parities: Parities = Field("both", description="of features; SevenNet ignores them and is SO(3)-equivariant only")
    layers: int = Field(4, ge=1, le=32)
    basis: int = Field(8, ge=4, le=128, description="Bessel functions")
    radial_hidden: list[int] = Field([64, 64], description="widths of the hidden layers of the radial MLPs")
    ending: Literal["polynomial", "xplor"] = Field("polynomial", description="how functions end at the cutoff")
    switch: float = Field(0.0, ge=0.0, description="Å: where the ending xplor begins")
    harmonics: Literal["unit", "solid"] = Field("unit", description="of directions, or of vectors: times r^l")
    self_connection: Literal["species", "linear"] = Field("species", description="weights for each species, or for all")

    biases: bool = Field(False, description="in the layers that send and receive invariants")

    @model_validator(mode="after")
    def _of_each_degree(self) -> Self:
        given = self.vector_channels
        if given and (len(given) != self.degrees or not all(1 <= count <= 1024 for count in given)):
            raise ValueError(
                f"vector_channels is {given}; expected one number from 1 to 1024 for each of {self.degrees} degrees"
            )
        if not all(1 <= width <= 4096 for width in self.radial_hidden):
            raise ValueError(f"radial_hidden is {self.radial_hidden}; expected widths from 1 to 4096")
        if not self.switch < self.cutoff:
            raise ValueError(f"switch ({self.switch} Å) must be below the cutoff ({self.cutoff} Å)")
        return self

    def features(self) -> dict[Irrep, int]:
        """Return the channels of each irrep between two layers."""
        per_degree = [self.channels, *(self.vector_channels or [self.channels] * self.degrees)]
        return {irrep: per_degree[irrep.degree] for irrep in irreps_up_to(self.degrees, self.parities)}


class NequIPLayer(nn.Module):
    """x_i ← gate(R Σ_j w(r_ij) C(S x_j, Y(r̂_ij)) + W x_i), R, S and W linear: receive, send and the self-connection."""

    def __init__(self, name: str, config: NequIPConfig, inputs: Channels, n_species: int, *, last: bool) -> None:
        super().__init__()
        wanted = {INVARIANT: config.channels} if last else config.features()
        paths = paths_between(inputs, config.degrees, config.parities, tuple(wanted))
        gathered = gathered_by(paths)
        self.inputs = dict(inputs)
        self.outputs = {irrep: count for irrep, count in wanted.items() if irrep in gathered}
        before_gate = dict(self.outputs) | {INVARIANT: config.channels + gates_of(self.outputs)}
        self.self_connection = Mixing(
            f"{name}.self_connection",
            inputs,
            before_gate,
            n_species,
            by_species=config.self_connection == "species",
        )
        self.send = Mixing(f"{name}.send", inputs, inputs, n_species, bias=config.biases)
        total = sum(path.channels for path in paths)
        self.radial = RadialNetwork(f"{name}.radial", config.basis, config.radial_hidden, total)
        self.message = ProductMessage(f"{name}.message", inputs, paths)
        self.receive = Mixing(
            f"{name}.receive", gathered, before_gate, n_species, tags=(AGGREGATED_MESSAGES,), bias=config.biases
        )

    def forward(self, flow: Flow, geometry: Geometry) -> Flow:
        """Return features before the layer → features after it."""
        features = features_of(flow, self.inputs)
        sent = self.send(features, geometry)
        gathered = self._gathered(sent, geometry)
        own = self.self_connection(features, geometry)
        return self._gated(added(self.receive(gathered, geometry), own))

    def _gathered(self, sent: Features, geometry: Geometry) -> dict[Irrep, Tensor]:
        """Return sums over neighbours. Of many edges, the products of some at a time are held, and computed anew in the
        backward pass: those of all layers would fill the memory.
        """
        edges = len(geometry.receiver)
        if edges <= MOST_EDGES:
            return self._of_edges(sent, geometry)
        total: dict[Irrep, Tensor] = {}
        for start in range(0, edges, MOST_EDGES):
            part = geometry.of_edges(slice(start, start + MOST_EDGES))
            total = added(total, checkpoint(self._of_edges, sent, part, use_reentrant=False))
        return total

    def _of_edges(self, sent: Features, geometry: Geometry) -> dict[Irrep, Tensor]:
        return self.message(sent, self.radial(geometry.radial), geometry)

    def _gated(self, features: Features) -> Flow:
        """silu of invariants, tanh of pseudoscalars, and silu of further invariants times each other channel."""
        own = self.outputs[INVARIANT]
        invariants = silu(features[INVARIANT])
        gates = invariants[:, own:].split([n for irrep, n in self.outputs.items() if irrep.degree], -1)
        opened = iter(gates)
        vectors = tuple(
            features[irrep] * next(opened)[:, None, :] if irrep.degree else torch.tanh(features[irrep])
            for irrep in self.outputs
            if irrep != INVARIANT
        )
        return Flow(invariants[:, :own], vectors)


class NequIP(Layered):
    """Species and positions to energies: embedding, layers of tensor products and gates, a readout per atom."""

    config: NequIPConfig

    def __init__(self, config: NequIPConfig, species: Iterable[int]) -> None:
        species = sorted_species(species)
        layers: list[NequIPLayer] = []
        channels: Channels = {INVARIANT: config.channels}
        for i in range(config.layers):
            last = i + 1 == config.layers
            layers.append(NequIPLayer(f"layers.{i}", config, channels, len(species), last=last))
            channels = layers[-1].outputs
        super().__init__(config, species, layers, degrees=config.degrees)
        self.readout = EnergyHead(
            "readout", config.channels, len(species), hidden=max(1, config.channels // 2), linear=True
        )
        self.frequencies = nn.Parameter(torch.zeros(config.basis))  # 1/Å, of the Bessel functions

    def enter(self, batch: AtomBatch, gauge: Gauge = Gauge.LAB) -> tuple[Geometry, Flow]:
        """Return what all layers see of the structures, and invariants of the species alone."""
        geometry, flow = super().enter(batch, gauge)
        assert geometry.distance is not None
        r, c = geometry.distance.to(flow.scalars), self.config
        ending = geometry.envelope if c.ending == "polynomial" else xplor(r, c.switch, c.cutoff)
        radial = bessel(r, self.frequencies, c.cutoff) * ending[:, None]
        if c.harmonics == "solid":
            solid = tuple(y * r[:, None] ** degree for degree, y in enumerate(geometry.harmonics, start=1))
            geometry = replace(geometry, harmonics=solid)
        return replace(geometry, radial=radial), Flow(flow.scalars, ())

    def streams(self) -> Iterator[Stream]:
        """Yield the channels that a scale can be folded into."""
        return streams(self._layers())

    def _layers(self) -> list[NequIPLayer]:
        return [layer for layer in self.layers if isinstance(layer, NequIPLayer)]
