"""Energy to forces: F = −∂E/∂x, through the pullbacks of whatever quantizers are in the way."""

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
