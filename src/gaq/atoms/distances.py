"""Distances between the atoms of a structure, for checks and for looking at data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from gaq.atoms.neighbors import Neighbors, find_neighbors
from gaq.atoms.structure import Structure


def closest_pairs(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shortest distance of each frame, and the two atoms it is between; for molecules in open space.

    d_f = min_{i<j} |x_fi - x_fj|. `positions` is [frame, atom, 3] in Å; the answer is [frame] in Å and
    [frame, 2]. With fewer than two atoms the distance is infinite and the atoms are (0, 0).
    """
    frames, atoms = positions.shape[:2]
    distance = np.full(frames, np.inf)
    pair = np.zeros((frames, 2), dtype=int)
    if atoms < 2:
        return distance, pair
    first, second = np.triu_indices(atoms, k=1)
    step = max(1, 2_000_000 // len(first))  # some 50 MB at a time
    for start in range(0, frames, step):
        chunk = slice(start, min(start + step, frames))
        between = np.linalg.norm(positions[chunk, first] - positions[chunk, second], axis=-1)
        nearest = between.argmin(axis=1)
        distance[chunk] = between[np.arange(len(between)), nearest]
        pair[chunk] = np.stack([first[nearest], second[nearest]], axis=1)
    return distance, pair


def neighbor_lengths(structure: Structure, cutoff: float) -> tuple[Neighbors, np.ndarray]:
    """The pairs closer than `cutoff` (Å), images included, and the length [edge] of each in Å."""
    pairs = find_neighbors(structure, cutoff)
    return pairs, pair_lengths(structure, pairs)


def pair_lengths(structure: Structure, pairs: Neighbors) -> np.ndarray:
    """The length [edge] of each pair in Å."""
    step = structure.positions[pairs.sender] - structure.positions[pairs.receiver] + pairs.shift @ structure.cell
    found: np.ndarray = np.linalg.norm(step, axis=1)
    return found


def closest_of_species(found: Iterable[tuple[Structure, Neighbors]], species: Sequence[int]) -> np.ndarray:
    """The smallest distance [species, species] in Å between atoms of each two species; infinity where there is no pair.

    `species` are atomic numbers in ascending order; every atom is one of them.
    """
    closest = np.full((len(species), len(species)), np.inf)
    for structure, pairs in found:
        row = np.searchsorted(species, structure.species)
        np.minimum.at(closest, (row[pairs.receiver], row[pairs.sender]), pair_lengths(structure, pairs))
    return closest
