"""The SO(3)-equivariant transformer, after arXiv 2603.05343, with slots for quantizers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from gaq.model.flow import Flow
from gaq.model.fold import Stream
from gaq.model.geometry import Geometry
from gaq.model.layered import Layered, LayeredConfig, sorted_species
from gaq.model.spread import Spreads
from gaq.model.transformer.attention import Attention
from gaq.model.transformer.bound import spread_of_layer
from gaq.model.transformer.fold import streams
from gaq.model.transformer.message import Message
from gaq.model.transformer.shapes import FUNCTIONS
from gaq.model.transformer.update import Update


class TransformerConfig(LayeredConfig):
    """The numbers that define a transformer."""

    architecture: Literal["transformer"] = Field("transformer", description="which network")
    layers: int = Field(2, ge=1, le=32)
    degrees: int = Field(2, ge=1, le=3, description="L: largest degree of the equivariant features")
    heads: int = Field(4, ge=1, le=1024)
    hidden: int = Field(64, ge=4, le=4096, description="width of the update's hidden layer")
    attention: Literal["cosine", "dot"] = "cosine"

    @model_validator(mode="after")
    def _whole_heads(self) -> Self:
        if self.channels % self.heads:
            raise ValueError(f"channels ({self.channels}) must be a multiple of heads ({self.heads})")
        return self


class TransformerLayer(nn.Module):
    """Attention, messages between neighbours, and an update of each atom."""

    def __init__(self, name: str, config: TransformerConfig, n_species: int, *, last: bool) -> None:
        super().__init__()
        c = config
        self.attention = Attention(
            f"{name}.attention", c.channels, c.heads, c.basis, normalise=c.attention, n_species=n_species
        )
        self.message = Message(f"{name}.message", c.channels)
        self.filters = nn.Parameter(torch.zeros(c.basis, FUNCTIONS * c.channels))
        self.update = Update(f"{name}.update", c.channels, c.degrees, c.hidden, n_species, last=last)

    def forward(self, flow: Flow, geometry: Geometry) -> Flow:
        """Return features before the layer → features behind it."""
        weight, sent = self.attention(flow.scalars, geometry)
        gathered, received = self.message(sent, self.factors(weight, geometry), geometry)
        s = flow.scalars + self.attention.output(gathered, species=geometry.species)
        v = tuple(old + new for old, new in zip(flow.vectors, received, strict=True))
        return Flow(*self.update(s, v, geometry))

    def factors(self, weight: Tensor, geometry: Geometry) -> Tensor:
        """α f(r) [edge, function, channel] of weights [edge, 1, channel]: f_0 of scalars, f_1 of vectors."""
        return (geometry.radial @ self.filters).unflatten(-1, (-1, self.message.channels)) * weight


class Transformer(Layered):
    """Species and positions to energies: embedding, layers of message and update, a readout per atom."""

    config: TransformerConfig
    sends_vectors = False

    def __init__(self, config: TransformerConfig, species: Iterable[int]) -> None:
        species = sorted_species(species)
        layers = (
            TransformerLayer(f"layers.{i}", config, len(species), last=i + 1 == config.layers)
            for i in range(config.layers)
        )
        super().__init__(config, species, layers, degrees=config.degrees)

    def streams(self) -> Iterator[Stream]:
        """Yield the channels that a scale can be folded into."""
        return streams(self.embedding, self._layers(), self.readout)

    def spread(self, index: int, flow: Flow, geometry: Geometry) -> Spreads:
        """Bound and estimate of the equivariance error that a layer adds to exact features in the lab gauge."""
        return spread_of_layer(self._layers()[index], flow, geometry)

    def _layers(self) -> list[TransformerLayer]:
        return [layer for layer in self.layers if isinstance(layer, TransformerLayer)]
