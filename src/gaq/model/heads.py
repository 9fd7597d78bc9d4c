"""Heads: what reads the last features of atoms and gives a property of the structure."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn
from torch.nn.functional import silu

from gaq.model.flow import Flow
from gaq.model.geometry import Geometry
from gaq.model.linear import Linear
from gaq.quant.slot import READOUT

START_OF_ENERGY = 0.1  # an untrained readout gives energies near those of the free atoms


class Head(Protocol):
    """Features of all atoms → what each atom contributes to a property: [atom, component]."""

    def __call__(self, flow: Flow, geometry: Geometry) -> Tensor: ...


class EnergyHead(nn.Module):
    """One scalar per atom [atom, 1], in units of the network's scale; the energy of a structure is their sum.

    A `linear` head has no biases and no nonlinearity between its layers; `hidden` is its width, by default `channels`.
    """

    def __init__(
        self, name: str, channels: int, n_species: int, *, hidden: int | None = None, linear: bool = False
    ) -> None:
        super().__init__()
        self.linear, width = linear, hidden or channels
        self.hidden = Linear(f"{name}.hidden", channels, width, bias=not linear, n_species=n_species, tags=(READOUT,))
        self.energy = Linear(f"{name}.energy", width, 1, bias=False, n_species=n_species, tags=(READOUT,))

    def forward(self, flow: Flow, geometry: Geometry) -> Tensor:
        hidden = self.hidden(flow.scalars, species=geometry.species)
        energy: Tensor = self.energy(hidden if self.linear else silu(hidden), species=geometry.species)
        return energy
