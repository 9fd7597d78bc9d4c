"""Errors of a network on held-out frames: of those labels that are known and have a weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from gaq.model.forces import energy_and_forces, evaluate
from gaq.model.transformer import Transformer
from gaq.train.config import LossConfig
from gaq.train.frames import TrainFrames
from gaq.units import MEV

VALIDATION_BATCH = 25


@dataclass(frozen=True)
class Errors:
    """Mean absolute errors: energies in meV, force components in meV/Å, stress components in meV/Å³.

    None where no frame has such a label; NaN is the error of a network that no longer computes.
    """

    energy: float | None
    forces: float | None
    stress: float | None

    def score(self, loss: LossConfig) -> float:
        """Return the sum of the errors that there are, weighted as in the loss; the lower the better."""
        weighted = ((loss.energy, self.energy), (loss.forces, self.forces), (loss.stress, self.stress))
        return sum(weight * error for weight, error in weighted if error is not None)

    def facts(self) -> dict[str, float]:
        """Return the errors that there are, as manifests name them."""
        named = {
            "energy_mae_mev": self.energy,
            "force_mae_mev_per_angstrom": self.forces,
            "stress_mae_mev_per_cubic_angstrom": self.stress,
        }
        return {name: error for name, error in named.items() if error is not None}


def validate(model: Transformer, frames: TrainFrames, *, centred: bool = False) -> Errors:
    """Return the errors on `frames`.

    `centred` takes the median error of the energies off first, as the end of a training takes off theirs: until then
    the mean of a quantized model wanders by more than what its epochs differ in.
    """
    energies: list[torch.Tensor] = []
    sums = {"forces": 0.0, "stress": 0.0}
    counts = {"forces": 0, "stress": 0}
    done = 0
    for batch, target in frames.batches(VALIDATION_BATCH):
        placed = batch.to(model.embedding.device)
        if target.virials is None or target.stress_weights is None:
            energy, forces = energy_and_forces(model, placed)
        else:
            found = evaluate(model, placed)
            energy, forces, virials = found.energies, found.forces, found.virials
            known = target.stress_weights > 0
            volumes = np.abs([np.linalg.det(s.cell) for s in frames.dataset.structures[done : done + batch.count]])
            off = (0.5 * (virials + virials.transpose(1, 2)).cpu() - target.virials)[known]
            sums["stress"] += (off.abs() / torch.from_numpy(volumes)[known, None, None]).sum().item()
            counts["stress"] += off.numel()
        energies.append((energy.cpu() - target.energies)[target.energy_weights > 0])
        off = (forces.cpu() - target.forces)[target.force_weights > 0]
        sums["forces"] += off.abs().sum().item()
        counts["forces"] += off.numel()
        done += batch.count
    errors = torch.cat(energies)
    if centred and len(errors):
        errors = errors - errors.median()
    means = {name: sums[name] / counts[name] / MEV if counts[name] else None for name in sums}
    return Errors(errors.abs().mean().item() / MEV if len(errors) else None, means["forces"], means["stress"])
