"""Labelled frames made ready for training: neighbour pairs found once, batches cut by index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from gaq.atoms.batch import AtomBatch, collate
from gaq.atoms.distances import closest_of_species
from gaq.atoms.neighbors import Neighbors, find_neighbors
from gaq.atoms.structure import Labels
from gaq.data.dataset import Dataset
from gaq.data.labels import has_energy, has_forces, has_stress
from gaq.data.references import compositions, fit_compositions, is_isolated

LARGEST_FORCES = 20.0  # times the median frame's: a frame beyond does not set the scale of the others


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
class TrainFrames:
    """A dataset with the neighbour pairs of every frame."""

    dataset: Dataset
    neighbors: tuple[Neighbors, ...]

    def __len__(self) -> int:
        return len(self.dataset)

    def closest(self, species: Sequence[int]) -> np.ndarray:
        """Return the smallest distances [species, species] in Å; infinity for two species that are never within the
        cutoff.
        """
        return closest_of_species(zip(self.dataset.structures, self.neighbors, strict=True), species)

    @cached_property
    def stressed(self) -> bool:
        """Whether any frame has a virial that counts."""
        return any(has_stress(label) for label in self.dataset.labels)

    def batch(self, indices: Sequence[int]) -> tuple[AtomBatch, Target]:
        """Return the frames with these indices as one batch."""
        batch = collate([self.dataset.structures[i] for i in indices], [self.neighbors[i] for i in indices])
        return batch, target_of([self.dataset.labels[i] for i in indices], self.stressed)

    def batches(self, size: int) -> Iterator[tuple[AtomBatch, Target]]:
        """Yield all frames in order, `size` at a time."""
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


def prepare(dataset: Dataset, cutoff: float) -> TrainFrames:
    """Find the neighbour pairs of every frame within `cutoff` (Å)."""
    return TrainFrames(dataset, tuple(find_neighbors(s, cutoff) for s in dataset.structures))


def reference_energies(dataset: Dataset, cutoff: float = 5.0) -> tuple[dict[int, float], float]:
    """Return the energy of each species (eV) and the rms force component (eV/Å) that a network starts from.

    Isolated atoms, which see nothing within `cutoff` (Å), give their own energies; what molecules are bound by is
    shared out on top of these, by compositions (`references.fit_compositions`; the smallest norm where compositions
    cannot tell the elements apart). Frames without a counted energy, and outliers of energies and forces, are left
    out. Without forces the scale is 1 eV/Å.
    """
    species = tuple(sorted({int(z) for s in dataset.structures for z in s.species}))
    free = isolated_energies(dataset, cutoff)
    known = [i for i, label in enumerate(dataset.labels) if has_energy(label)]
    bound = [i for i in known if not is_isolated(dataset.structures[i], cutoff)]
    solution = np.array([free.get(z, 0.0) for z in species])
    if bound:
        counts = compositions([dataset.structures[i] for i in bound], species)
        energies = np.array([dataset.labels[i].energy for i in bound])
        weights = np.array([dataset.labels[i].weights.energy for i in bound])
        strange = [k for k, z in enumerate(species) if z not in free]
        if free and strange:  # else the thousand eV of these would be shared out among all
            rest = fit_compositions(counts[:, strange], energies - counts @ solution, weights)
            solution[strange] = rest.energies
        solution = solution + fit_compositions(counts, energies - counts @ solution, weights).energies
    return dict(zip(species, solution.tolist(), strict=True)), _force_scale(dataset, cutoff)


def isolated_energies(dataset: Dataset, cutoff: float) -> dict[int, float]:
    """Return the energies (eV) of isolated atoms by atomic number, the median where there are several."""
    found: dict[int, list[float]] = {}
    for structure, label in zip(dataset.structures, dataset.labels, strict=True):
        if has_energy(label) and is_isolated(structure, cutoff):
            found.setdefault(int(structure.species[0]), []).append(label.energy)
    return {z: float(np.median(energies)) for z, energies in found.items()}


def _force_scale(dataset: Dataset, cutoff: float) -> float:
    """Return the rms force component (eV/Å) of the frames that count and are not tens of times above the others."""
    forces = [
        label.forces
        for structure, label in zip(dataset.structures, dataset.labels, strict=True)
        if has_forces(label) and not is_isolated(structure, cutoff)
    ]
    if not forces:
        return 1.0
    sizes = np.array([np.sqrt((f**2).mean()) for f in forces])
    usual = sizes <= LARGEST_FORCES * np.median(sizes)
    return float(np.sqrt(np.mean(np.concatenate([f for f, kept in zip(forces, usual, strict=True) if kept]) ** 2)))
