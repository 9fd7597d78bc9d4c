"""PaiNN (Schütt, Unke and Gastegger, arXiv 2102.03150), with slots for quantizers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn.functional import silu

from gaq.atoms.batch import AtomBatch
from gaq.geometry.vectors import smooth_length
from gaq.model.carry import carried, scalar_message_slot, summed, vector_message_slot
from gaq.model.flow import Flow
from gaq.model.fold import Stream
from gaq.model.geometry import Gauge, Geometry
from gaq.model.heads import EnergyHead
from gaq.model.layered import Layered, LayeredConfig, sorted_species
from gaq.model.linear import Linear
from gaq.model.painn.bound import spread_of_layer
from gaq.model.painn.fold import streams
from gaq.model.painn.radial import BASES, ENDINGS, Basis
from gaq.model.spread import Spreads
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import AGGREGATED_MESSAGES


class PaiNNConfig(LayeredConfig):
    """The numbers that define a PaiNN."""

    architecture: Literal["painn"] = Field("painn", description="which network")
    radial: Literal["exponential", "gaussian", "bessel"] = Field(
        "exponential", description="functions of distance; all but the first with a constant"
    )
    ending: Literal["polynomial", "cosine"] = Field("polynomial", description="how they end at the cutoff")
    readout: int = Field(0, ge=0, le=1024, description="width of the readout; 0: F")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.readout > self.channels:
            raise ValueError(f"readout is {self.readout}; expected at most the {self.channels} channels")
        return self


class PaiNNMessage(nn.Module):
    """Δs_i = Σ_j f_s w_s;  Δv_i = Σ_j (f_v w_v v_j + f_r w_r r̂_ij) with w = W_2 silu(W_1 s_j), f functions of r_ij.

    `first` leaves out the vectors of neighbours, which before the first layer are zero.
    """

    def __init__(self, name: str, channels: int, n_species: int, *, first: bool) -> None:
        super().__init__()
        c = channels
        self.channels, self.first = channels, first
        self.hidden = Linear(f"{name}.hidden", c, c, n_species=n_species)
        self.sent = Linear(f"{name}.sent", c, 3 * c, n_species=n_species)
        self.scalar = Quantizer(scalar_message_slot(name, 3 * c))
        self.vector = nn.ModuleDict({} if first else {"l1": Quantizer(vector_message_slot(name, 1, c))})

    def forward(self, flow: Flow, functions: Tensor, geometry: Geometry) -> tuple[Tensor, Tensor]:
        """Return features and f [edge, 3 · channel] → sums over neighbours [atom, channel] and [atom, 3, channel]."""
        (v,) = flow.vectors
        for_s, for_v, along = self.factors(flow.scalars, functions, geometry).chunk(3, -1)
        message = geometry.harmonics[0][:, :, None] * along[:, None, :]
        if not self.first:
            message = message + for_v[:, None, :] * carried(self.slot, 1, v, geometry)
        return summed(for_s, geometry.receiver, len(v)), summed(message, geometry.receiver, len(v))

    def factors(self, s: Tensor, functions: Tensor, geometry: Geometry) -> Tensor:
        """f w [edge, 3 · channel], for s, v and r̂ in turn: what the sender gives, times functions of distance."""
        values = self.scalar(self.sent(silu(self.hidden(s, species=geometry.species)), species=geometry.species)).value
        return values.index_select(0, geometry.sender) * functions

    @property
    def slot(self) -> Quantizer:
        """The quantizer of the vectors that atoms send; the first layer has none."""
        quantizer = self.vector["l1"]
        assert isinstance(quantizer, Quantizer)
        return quantizer


class PaiNNUpdate(nn.Module):
    """With a = v U and b = v W: gates = W_2 silu(W_1 [s, ‖b‖]);  s += g_s + g_p ⟨a, b⟩;  v += g_v a."""

    def __init__(self, name: str, channels: int, n_species: int) -> None:
        super().__init__()
        c = channels
        self.channels = channels
        self.mix1 = Linear(f"{name}.mix1", c, 2 * c, degree=1, n_species=n_species, tags=(AGGREGATED_MESSAGES,))
        self.hidden = Linear(f"{name}.hidden", 2 * c, c, n_species=n_species, tags=(AGGREGATED_MESSAGES,))
        self.gates = Linear(f"{name}.gates", c, 3 * c, n_species=n_species)

    def forward(self, s: Tensor, v: Tensor, geometry: Geometry) -> Flow:
        """Scalars [atom, channel] and vectors [atom, 3, channel] → the same, updated."""
        frame = None if geometry.frames is None else geometry.frames[0]
        a, b = self.mix1(v, frame, geometry.species).chunk(2, -1)
        hidden = silu(self.hidden(torch.cat([s, smooth_length(b, -2)], -1), species=geometry.species))
        own, dot, scale = self.gates(hidden, species=geometry.species).chunk(3, -1)
        return Flow(s + own + dot * (a * b).sum(-2), (v + scale[:, None, :] * a,))


class PaiNNLayer(nn.Module):
    """What an atom hears from its neighbours, and what it makes of it."""

    def __init__(self, name: str, config: PaiNNConfig, rows: int, n_species: int, *, first: bool) -> None:
        super().__init__()
        self.message = PaiNNMessage(f"{name}.message", config.channels, n_species, first=first)
        self.filters = nn.Parameter(torch.zeros(rows, 3 * config.channels))
        self.update = PaiNNUpdate(f"{name}.update", config.channels, n_species)

    def forward(self, flow: Flow, geometry: Geometry) -> Flow:
        """Return features before the layer → features behind it."""
        scalars, vectors = self.message(flow, self.functions(geometry), geometry)
        return self.update(flow.scalars + scalars, flow.vectors[0] + vectors, geometry)

    def functions(self, geometry: Geometry) -> Tensor:
        """Return the functions of distance, which vanish at the cutoff: [edge, 3 · channel] for s, v and r̂."""
        return (geometry.radial @ self.filters) * geometry.envelope[:, None]


class PaiNN(Layered):
    """Species and positions to energies: embedding, layers of message and update, a readout per atom."""

    config: PaiNNConfig

    def __init__(self, config: PaiNNConfig, species: Iterable[int]) -> None:
        species = sorted_species(species)
        radial = BASES[config.radial](config.basis, config.cutoff)
        layers = (
            PaiNNLayer(f"layers.{i}", config, radial.rows, len(species), first=i == 0) for i in range(config.layers)
        )
        super().__init__(config, species, layers, degrees=1)
        self.radial: Basis = radial
        if config.readout:
            self.readout = EnergyHead("readout", config.channels, len(species), hidden=config.readout)

    def enter(self, batch: AtomBatch, gauge: Gauge = Gauge.LAB) -> tuple[Geometry, Flow]:
        """Return what all layers see of the structures, and the features before the first of them."""
        geometry, flow = super().enter(batch, gauge)
        if (self.config.radial, self.config.ending) == ("exponential", "polynomial"):
            return geometry, flow
        assert geometry.distance is not None
        # In float64 until they are rounded once: in float32 they would be most of the error of the forces.
        r, dtype = geometry.distance, flow.scalars.dtype
        ending = ENDINGS[self.config.ending](r, self.cutoff)
        return replace(geometry, radial=self.radial(r).to(dtype), envelope=ending.to(dtype)), flow

    def streams(self) -> Iterator[Stream]:
        """Yield the channels that a scale can be folded into."""
        return streams(self.embedding, self._layers(), self.readout)

    def spread(self, index: int, flow: Flow, geometry: Geometry) -> Spreads:
        """Bound and estimate of the equivariance error that a layer adds to exact features in the lab gauge."""
        return spread_of_layer(self._layers()[index], flow, geometry)

    def _layers(self) -> list[PaiNNLayer]:
        return [layer for layer in self.layers if isinstance(layer, PaiNNLayer)]
