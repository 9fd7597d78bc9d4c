"""Distances between the atoms of a structure, for checks and for looking at data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from gaq.atoms.lattice import completed_cell, reduced_cell
from gaq.atoms.neighbors import Neighbors, find_neighbors
from gaq.atoms.structure import Structure


def closest_pairs(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the shortest distance of each frame, and the two atoms it is between; for molecules in open space.

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


def closest_within(structure: Structure, limit: float) -> tuple[float, np.ndarray]:
    """Return the shortest distance below `limit` (Å), images included, and the two atoms; infinite and (0, 0) without
    one.

    Takes time and memory in proportion to the atoms, whatever the cell: the lattice is reduced first, and only atoms
    within `limit` of a face get images. Raises `BadStructure` for lattice vectors that cannot be reduced.
    """
    from scipy.spatial import cKDTree

    best = np.inf, np.zeros(2, dtype=int)
    cell = reduced_cell(structure)
    lengths = np.linalg.norm(cell[structure.periodic], axis=1)
    if len(lengths) and lengths.min() < limit:  # every atom is as close to its own image; a pair may be closer
        limit = float(lengths.min())
        best = limit, best[1]
    positions, owners = _with_images(structure, cell, limit)
    if len(positions) < 2:
        return best
    distances, others = cKDTree(positions).query(positions[: len(structure)], k=2, distance_upper_bound=limit)
    # An atom is the first neighbour of itself, or of one that it coincides with.
    own = others[:, 0] == np.arange(len(structure))
    found = np.where(own, distances[:, 1], distances[:, 0])
    partner = np.where(own, others[:, 1], others[:, 0])
    first = int(found.argmin())
    if not found[first] < limit:
        return best
    return float(found[first]), np.sort([first, owners[partner[first]]])


def _with_images(structure: Structure, cell: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray]:
    """Return wrapped positions, then those of images within `margin` (Å) of the box, and the atom that each belongs
    to.
    """
    positions, owners = np.array(structure.positions, dtype=np.float64), np.arange(len(structure))
    if not structure.periodic.any():
        return positions, owners
    full = completed_cell(cell, structure.periodic)
    inverse = np.linalg.inv(full)
    fractions = positions @ inverse
    fractions = np.where(structure.periodic, fractions - np.floor(fractions), fractions)
    share = margin * np.linalg.norm(inverse, axis=0)  # of a lattice vector, to reach `margin` beyond its face
    for axis in np.flatnonzero(structure.periodic):
        reach = int(np.ceil(share[axis]))
        copies, names = [fractions], [owners]
        for shift in (*range(-reach, 0), *range(1, reach + 1)):
            moved = fractions[:, axis] + shift
            near = (moved > -share[axis]) & (moved < 1 + share[axis])
            image = fractions[near].copy()
            image[:, axis] += shift
            copies.append(image)
            names.append(owners[near])
        fractions, owners = np.concatenate(copies), np.concatenate(names)
    return fractions @ full, owners


def neighbor_lengths(structure: Structure, cutoff: float) -> tuple[Neighbors, np.ndarray]:
    """Return the pairs closer than `cutoff` (Å), images included, and the length [edge] of each in Å."""
    pairs = find_neighbors(structure, cutoff)
    return pairs, pair_lengths(structure, pairs)


def pair_lengths(structure: Structure, pairs: Neighbors) -> np.ndarray:
    """Return the length [edge] of each pair in Å."""
    step = structure.positions[pairs.sender] - structure.positions[pairs.receiver] + pairs.shift @ structure.cell
    found: np.ndarray = np.linalg.norm(step, axis=1)
    return found


def closest_of_species(found: Iterable[tuple[Structure, Neighbors]], species: Sequence[int]) -> np.ndarray:
    """Return the smallest distance [species, species] in Å between atoms of each two species; infinity where there is
    no pair.

    `species` are atomic numbers in ascending order; every atom is one of them.
    """
    closest = np.full((len(species), len(species)), np.inf)
    for structure, pairs in found:
        row = np.searchsorted(species, structure.species)
        np.minimum.at(closest, (row[pairs.receiver], row[pairs.sender]), pair_lengths(structure, pairs))
    return closest
