"""What is in a data file: the figures that a careful person looks at before training on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gaq.atoms.distances import closest_pairs, neighbor_lengths
from gaq.atoms.elements import SYMBOLS, formula
from gaq.atoms.structure import Labels, Structure
from gaq.data.labels import has_forces

CUTOFF = 5.0  # Å, the usual one
SAMPLED = 50  # frames in which neighbours are counted


@dataclass(frozen=True)
class Geometry:
    """Figures of the structures alone."""

    frames: int
    atoms: tuple[int, int]  # fewest and most in a frame
    formulas: tuple[tuple[str, int], ...]  # with the number of frames, most frequent first
    elements: tuple[str, ...]
    shortest_distance: float  # Å
    shortest_frame: int
    neighbors: float  # mean per atom within CUTOFF
    periodic: int  # frames with at least one periodic direction
    duplicates: int  # frames equal to an earlier one to 1e-6 Å


@dataclass(frozen=True)
class Energies:
    """Figures of the labels. Spread is that of E minus the best sum of one energy per element."""

    mean: float  # eV
    std: float  # eV
    spread: float  # eV
    force_rms: float  # eV/Å, per component; NaN when no frame has forces
    force_max: float  # eV/Å, largest norm
    with_forces: int  # frames


def describe_structures(structures: Sequence[Structure]) -> Geometry:
    """Counts and distances (Å); neighbours are counted in `SAMPLED` frames, evenly over the file."""
    sizes = [len(s) for s in structures]
    shortest = np.array([_shortest(s) for s in structures])
    sample = np.linspace(0, len(structures) - 1, min(len(structures), SAMPLED)).astype(int)
    pairs = sum(len(neighbor_lengths(structures[i], CUTOFF)[1]) for i in sample)
    distinct = {(s.species.tobytes(), np.round(s.positions, 6).tobytes()) for s in structures}
    formulas = Counter(formula(s.species.tolist()) for s in structures)
    species = sorted({int(z) for s in structures for z in s.species})
    return Geometry(
        frames=len(structures),
        atoms=(min(sizes), max(sizes)),
        formulas=tuple(formulas.most_common()),
        elements=tuple(SYMBOLS[z] for z in species),
        shortest_distance=float(shortest.min()),
        shortest_frame=int(shortest.argmin()),
        neighbors=pairs / sum(sizes[i] for i in sample),
        periodic=sum(bool(s.periodic.any()) for s in structures),
        duplicates=len(structures) - len(distinct),
    )


def describe_labels(structures: Sequence[Structure], labels: Sequence[Labels]) -> Energies:
    """Mean and spread of the energies, size of the forces: eV, eV/Å."""
    energies = np.array([label.energy for label in labels])
    species = sorted({int(z) for s in structures for z in s.species})
    counts = np.array([[np.count_nonzero(s.species == z) for z in species] for s in structures], dtype=float)
    centred = energies - energies.mean()
    fit = np.linalg.lstsq(counts - counts.mean(axis=0), centred, rcond=None)[0]
    known = [label.forces for label in labels if has_forces(label)]
    forces = np.concatenate(known) if known else np.full((1, 3), np.nan)
    return Energies(
        mean=float(energies.mean()),
        std=float(energies.std()),
        spread=float((centred - (counts - counts.mean(axis=0)) @ fit).std()),
        force_rms=float(np.sqrt((forces**2).mean())),
        force_max=float(np.linalg.norm(forces, axis=1).max()),
        with_forces=len(known),
    )


def _shortest(structure: Structure) -> float:
    """The shortest distance (Å), images included; infinite for one atom in open space."""
    if not structure.periodic.any():
        return float(closest_pairs(structure.positions[None])[0][0])
    lengths = neighbor_lengths(structure, 2.0)[1]
    return float(lengths.min()) if len(lengths) else float("inf")
