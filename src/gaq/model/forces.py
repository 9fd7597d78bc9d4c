"""Energy to forces and virials, F = −∂E/∂x and dE/dε, through the pullbacks of whatever quantizers are in the way."""

from __future__ import annotations

import torch
from torch import Tensor

from gaq.atoms.batch import AtomBatch
from gaq.model.invariants import Gauge
from gaq.model.protocol import ForceField


def energy_and_forces(
    model: ForceField, batch: AtomBatch, *, gauge: Gauge = Gauge.LAB, differentiable: bool = False
) -> tuple[Tensor, Tensor]:
    """Energies [structure] in eV and forces [atom, 3] in eV/Å, both float64.

    `differentiable` keeps the graph, so that a loss on forces can be taken to the weights.
    """
    positions = batch.positions.detach().requires_grad_()
    with torch.enable_grad():
        energies = model.energies(batch.moved(positions), gauge)
        (slope,) = torch.autograd.grad(energies.sum(), positions, create_graph=differentiable)
    return (energies if differentiable else energies.detach()), -slope


def energy_forces_virials(
    model: ForceField, batch: AtomBatch, *, gauge: Gauge = Gauge.LAB, differentiable: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Return energies [structure] (eV), forces [atom, 3] (eV/Å) and virials [structure, 3, 3] (eV), float64.

    The virial is dE/dε at ε = 0 of the strain x → x (1 + ε) of positions and lattice vectors: the stress times the
    volume. Energies and forces are those of `energy_and_forces`, to the last bit.
    """
    positions = batch.positions.detach().requires_grad_()
    strain = torch.zeros_like(batch.cells).requires_grad_()
    with torch.enable_grad():
        energies = model.energies(batch.moved(positions).strained(strain), gauge)
        slope, virials = torch.autograd.grad(energies.sum(), (positions, strain), create_graph=differentiable)
    return (energies if differentiable else energies.detach()), -slope, virials
