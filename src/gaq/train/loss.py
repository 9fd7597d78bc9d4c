"""Terms of the loss, each one function of predictions and targets."""

from __future__ import annotations

import torch
from torch import Tensor

from gaq.atoms.batch import AtomBatch
from gaq.geometry.vectors import smooth_length
from gaq.model.forces import energy_and_forces, evaluate
from gaq.model.protocol import ForceField
from gaq.train.config import LossConfig
from gaq.train.frames import Target

FLOOR = 1e-3  # eV, eV/Å: below it a distance becomes a parabola


def _penalty(difference: Tensor, kind: str) -> Tensor:
    """|Δ| or |Δ|² of rows [n, d]."""
    return difference.square().sum(-1) if kind == "square" else smooth_length(difference, -1, FLOOR)


def _atoms(batch: AtomBatch, like: Tensor) -> Tensor:
    """Return atoms of each structure, [structure] of the type of `like`."""
    ones = torch.ones_like(batch.structure, dtype=like.dtype)
    return torch.zeros(batch.count, dtype=like.dtype, device=like.device).index_add(0, batch.structure, ones)


def energy_term(energies: Tensor, target: Target, batch: AtomBatch, kind: str) -> Tensor:
    """Return the sum over structures of w |ΔE| / √atoms (eV), so that molecules of all sizes count alike."""
    scaled = (energies - target.energies) / _atoms(batch, energies).sqrt()
    return (target.energy_weights * _penalty(scaled[:, None], kind)).sum()


def force_term(forces: Tensor, target: Target, kind: str) -> Tensor:
    """Return the sum over atoms of w ‖ΔF‖ (eV/Å)."""
    return (target.force_weights * _penalty(forces - target.forces, kind)).sum()


def stress_term(virials: Tensor, target: Target, batch: AtomBatch, kind: str) -> Tensor:
    """Return the sum over structures of w ‖ΔW‖_F / √atoms (eV), W the symmetric part of the virial."""
    assert target.virials is not None
    assert target.stress_weights is not None
    off = 0.5 * (virials + virials.transpose(1, 2)) - target.virials
    scaled = off.flatten(1) / _atoms(batch, virials).sqrt()[:, None]
    return (target.stress_weights * _penalty(scaled, kind)).sum()


def symmetry_term(model: ForceField, batch: AtomBatch, forces: Tensor, kind: str, rotations: Tensor) -> Tensor:
    """Return the sum over atoms of ‖F(RG) − R F(G)‖ (eV/Å), R [structure, 3, 3] one rotation each (arXiv 2603.05343,
    LEE).
    """
    _, turned = energy_and_forces(model, batch.rotated(rotations), differentiable=True)
    expected = torch.einsum("nab,nb->na", rotations[batch.structure], forces)
    return _penalty(turned - expected, kind).sum()


def total_loss(
    model: ForceField,
    batch: AtomBatch,
    target: Target,
    config: LossConfig,
    sizes: tuple[float | Tensor, float | Tensor],
    rotations: Tensor | None = None,
) -> Tensor:
    """Return the weighted sum, divided by `sizes` = (structures, atoms) of the *global* batch, so that the parts that
    several processes compute add up to the loss of one. `rotations` are those of the symmetry term, if it counts.
    Virials are computed where the target has them.
    """
    if target.virials is not None and config.stress > 0:
        found = evaluate(model, batch, differentiable=True)
        energies, forces = found.energies, found.forces
        stress = config.stress * stress_term(found.virials, target, batch, config.kind) / sizes[0]
    else:
        (energies, forces), stress = energy_and_forces(model, batch, differentiable=True), None
    loss = config.energy * energy_term(energies, target, batch, config.kind) / sizes[0]
    loss = loss + config.forces * force_term(forces, target, config.kind) / sizes[1]
    loss = loss if stress is None else loss + stress
    if rotations is not None:
        loss = loss + config.symmetry * symmetry_term(model, batch, forces, config.kind, rotations) / sizes[1]
    return loss
