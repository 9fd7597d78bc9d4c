"""Whether energies and forces of the training frames are in one system of units, as a training first sees them."""

from __future__ import annotations

from collections import Counter

import numpy as np

from gaq.data.labels import has_energy, has_forces
from gaq.data.unit_slopes import unit_slopes
from gaq.errors import BadLabels
from gaq.model.forces import energy_and_forces
from gaq.model.transformer import Transformer
from gaq.train.frames import TrainFrames

COMPARED, TOGETHER = 60, 20  # frames, and how many at once


def is_due(epoch: int) -> bool:
    """Return whether units are compared after this epoch, counted from 0: after 1, 2, 4, 8 … epochs."""
    return (epoch + 1) & epoch == 0


def check_learned_units(model: Transformer, frames: TrainFrames) -> None:
    """Raise `BadLabels` where the slopes of labels against predictions differ for energies and forces."""
    labels = frames.dataset.labels
    known = [i for i, label in enumerate(labels) if has_energy(label) and has_forces(label)]
    if not known:
        return
    chosen = [known[round(k)] for k in np.linspace(0, len(known) - 1, min(len(known), COMPARED))]
    found: list[list[np.ndarray]] = [[], [], [], []]
    for start in range(0, len(chosen), TOGETHER):
        batch, target = frames.batch(chosen[start : start + TOGETHER])
        said = energy_and_forces(model, batch.to(model.embedding.device))
        parts = (target.energies, said[0], target.forces, said[1])
        for values, part in zip(found, parts, strict=True):
            values.append(part.detach().cpu().double().numpy())
    energies, said_energies, forces, said_forces = (np.concatenate(values) for values in found)
    compositions = [Counter(frames.dataset.structures[i].species.tolist()) for i in chosen]
    kinds = sorted(set().union(*compositions))
    counts = np.array([[c[z] for z in kinds] for c in compositions], dtype=np.float64)
    slopes = unit_slopes(counts, (energies, said_energies), (forces, said_forces))
    wrong = slopes.disagreement() if slopes is not None else None
    if wrong is not None:
        raise BadLabels(f"{frames.dataset.name}: {wrong}. Convert the labels and train again.")
