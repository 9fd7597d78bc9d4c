"""Labelled frames made ready for training: neighbour pairs found once, batches cut by index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from gaq.atoms.batch import AtomBatch, collate
from gaq.atoms.neighbors import Neighbors, find_neighbors
from gaq.atoms.structure import Labels
from gaq.data.dataset import Dataset
from gaq.data.labels import has_energy, has_forces, has_stress


@dataclass(frozen=True)
class Target:
    """Labels of a batch, in its order. What is unknown is 0 and has the weight 0."""

    energies: Tensor  # [structure] float64, eV
    forces: Tensor  # [atom, 3] float64, eV/Å
    energy_weights: Tensor  # [structure] float64
    force_weights: Tensor  # [atom] float64
    virials: Tensor | None = None  # [structure, 3, 3] float64, eV; None when no frame of the data set has one
    stress_weights: Tensor | None = None  # [structure] float64

    def to(self, device: torch.device | str) -> Target:
        """Return the targets on another device."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: tensor.to(device) for name, tensor in given.items() if tensor is not None})


@dataclass(frozen=True)
class Frames:
    """A dataset with the neighbour pairs of every frame."""

    dataset: Dataset
    neighbors: tuple[Neighbors, ...]

    def __len__(self) -> int:
        return len(self.dataset)

    @cached_property
    def stressed(self) -> bool:
        """Whether any frame has a virial that counts."""
        return any(has_stress(label) for label in self.dataset.labels)

    def batch(self, indices: Sequence[int]) -> tuple[AtomBatch, Target]:
        """The frames with these indices as one batch."""
        batch = collate([self.dataset.structures[i] for i in indices], [self.neighbors[i] for i in indices])
        return batch, target_of([self.dataset.labels[i] for i in indices], self.stressed)

    def batches(self, size: int) -> Iterator[tuple[AtomBatch, Target]]:
        """All frames in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.batch(range(start, min(start + size, len(self))))


def target_of(labels: Sequence[Labels], stressed: bool = False) -> Target:
    """Return the labels of a batch as tensors; `stressed` includes the virials."""
    energies = np.array([label.energy if has_energy(label) else 0.0 for label in labels])
    forces = [label.forces if has_forces(label) else np.zeros_like(label.forces) for label in labels]
    energy_weights = np.array([label.weights.energy if has_energy(label) else 0.0 for label in labels])
    force_weights = [np.full(len(label.forces), label.weights.forces if has_forces(label) else 0.0) for label in labels]
    parts = [energies, np.concatenate(forces), energy_weights, np.concatenate(force_weights)]
    if stressed:
        known = [label.virial if has_stress(label) else None for label in labels]
        parts.append(np.stack([np.zeros((3, 3)) if virial is None else virial for virial in known]))
        parts.append(np.array([label.weights.stress if has_stress(label) else 0.0 for label in labels]))
    return Target(*(torch.from_numpy(part) for part in parts))


def prepare(dataset: Dataset, cutoff: float) -> Frames:
    """Finds the neighbour pairs of every frame within `cutoff` (Å)."""
    return Frames(dataset, tuple(find_neighbors(s, cutoff) for s in dataset.structures))


def reference_energies(dataset: Dataset) -> tuple[dict[int, float], float]:
    """Energy of each species (eV) by least squares with the smallest norm, and the rms force component
    (eV/Å).

    For a single molecule the fit is degenerate; the smallest norm shares the mean energy out among the atoms.
    """
    species = sorted({int(z) for s in dataset.structures for z in s.species})
    counts = np.array([[np.count_nonzero(s.species == z) for z in species] for s in dataset.structures], dtype=float)
    energies = np.array([label.energy for label in dataset.labels])
    solution = np.linalg.lstsq(counts, energies, rcond=None)[0]
    forces = np.concatenate([label.forces for label in dataset.labels])
    return dict(zip(species, solution.tolist(), strict=True)), float(np.sqrt(np.mean(forces**2)))
