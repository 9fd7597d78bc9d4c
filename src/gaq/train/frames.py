"""Labelled frames made ready for training: neighbour pairs found once, batches cut by index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gaq.atoms.batch import AtomBatch, collate
from gaq.atoms.distances import closest_of_species
from gaq.atoms.neighbors import Neighbors, find_neighbors
from gaq.data.dataset import Dataset


@dataclass(frozen=True)
class Target:
    """Labels of a batch, in its order."""

    energies: Tensor  # [structure] float64, eV
    forces: Tensor  # [atom, 3] float64, eV/Å

    def to(self, device: torch.device | str) -> Target:
        """The targets on another device."""
        return Target(self.energies.to(device), self.forces.to(device))


@dataclass(frozen=True)
class Frames:
    """A dataset with the neighbour pairs of every frame."""

    dataset: Dataset
    neighbors: tuple[Neighbors, ...]

    def __len__(self) -> int:
        return len(self.dataset)

    def closest(self, species: Sequence[int]) -> np.ndarray:
        """The smallest distances [species, species] in Å; infinity for two species that are never within the cutoff."""
        return closest_of_species(zip(self.dataset.structures, self.neighbors, strict=True), species)

    def batch(self, indices: Sequence[int]) -> tuple[AtomBatch, Target]:
        """The frames with these indices as one batch."""
        batch = collate([self.dataset.structures[i] for i in indices], [self.neighbors[i] for i in indices])
        labels = [self.dataset.labels[i] for i in indices]
        forces = torch.from_numpy(np.concatenate([label.forces for label in labels]))
        return batch, Target(torch.tensor([label.energy for label in labels], dtype=torch.float64), forces)

    def batches(self, size: int) -> Iterator[tuple[AtomBatch, Target]]:
        """All frames in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.batch(range(start, min(start + size, len(self))))


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
