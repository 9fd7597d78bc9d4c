"""Distillation: a float parent labels displaced copies of the training frames.

Distillation costs one evaluation of the parent per step and gives a quantized student targets without noise,
also away from the frames it has seen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from gaq.atoms.batch import AtomBatch
from gaq.model.forces import energy_and_forces
from gaq.model.protocol import ForceField
from gaq.train.frames import Target


@dataclass(frozen=True)
class Teacher:
    """`share` of the structures of a batch are displaced by `noise` (Å, per component) and labelled by
    `model`.
    """

    model: ForceField
    noise: float
    share: float
    device: str = "cpu"  # where `model` is

    def relabelled(self, batch: AtomBatch, target: Target, draw: torch.Generator) -> tuple[AtomBatch, Target]:
        """Return the batch with some structures displaced, and targets to match."""
        taught = torch.rand(batch.count, generator=draw) < self.share
        if not bool(taught.any()):
            return batch, target
        mask = taught[batch.structure]
        shift = self.noise * torch.randn(batch.positions.shape, generator=draw, dtype=torch.float64)
        moved = batch.moved(batch.positions + shift * mask[:, None])
        energies, forces = energy_and_forces(self.model, moved.to(self.device))
        labelled = replace(
            target,
            energies=torch.where(taught, energies.cpu(), target.energies),
            forces=torch.where(mask[:, None], forces.cpu(), target.forces),
        )
        if target.stress_weights is None:
            return moved, labelled
        # The virial of the frame is not that of its displaced copy.
        return moved, replace(labelled, stress_weights=target.stress_weights * ~taught)
