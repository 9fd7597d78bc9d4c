"""Energy to forces and virial: F = −∂E/∂x and dE/dε, through the pullbacks of whatever quantizers are in the way."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gaq.atoms.batch import AtomBatch, per_structure
from gaq.model.geometry import Gauge
from gaq.model.protocol import ForceField


def energy_and_forces(
    model: ForceField, batch: AtomBatch, *, gauge: Gauge = Gauge.LAB, differentiable: bool = False
) -> tuple[Tensor, Tensor]:
    """Return energies [structure] in eV and forces [atom, 3] in eV/Å, both float64.

    `differentiable` keeps the graph, so that a loss on forces can be taken to the weights.
    """
    positions = batch.positions.detach().requires_grad_()
    with torch.enable_grad():
        energies = model.energies(batch.moved(positions), gauge)
        (slope,) = torch.autograd.grad(energies.sum(), positions, create_graph=differentiable)
    return (energies if differentiable else energies.detach()), -slope


@dataclass(frozen=True)
class Evaluation:
    """What a network says of a batch; energies in eV, float64."""

    energies: Tensor  # [structure]
    atomic_energies: Tensor | None  # [atom]; None for a network that has no `atomic_energies`
    forces: Tensor  # [atom, 3] eV/Å
    virials: Tensor  # [structure, 3, 3] eV: dE/dε of a homogeneous strain x → x (1 + ε), lattice vectors alike


def evaluate(
    model: ForceField, batch: AtomBatch, *, gauge: Gauge = Gauge.LAB, differentiable: bool = False
) -> Evaluation:
    """Compute all of a batch at once; energies and forces are those of `energy_and_forces`, bit for bit.

    `differentiable` keeps the graph, so that a loss on forces and virials can be taken to the weights.
    """
    positions = batch.positions.detach().requires_grad_()
    strain = torch.zeros_like(batch.cells).requires_grad_()
    with torch.enable_grad():
        strained = batch.moved(positions).strained(strain)
        by_atom = getattr(model, "atomic_energies", None)
        atomic = None if by_atom is None else by_atom(strained, gauge)
        energies = model.energies(strained, gauge) if atomic is None else per_structure(atomic, batch)
        slope, virials = torch.autograd.grad(energies.sum(), (positions, strain), create_graph=differentiable)
    if differentiable:
        return Evaluation(energies, atomic, -slope, virials)
    return Evaluation(energies.detach(), None if atomic is None else atomic.detach(), -slope, virials)
