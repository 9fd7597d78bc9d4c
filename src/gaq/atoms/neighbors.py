"""Directed neighbour pairs within a cutoff, in canonical order: by receiver, then sender, then shift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaq.atoms.lattice import completed_cell, reduction
from gaq.atoms.structure import Structure

MOST_SKEWED = 0.2  # distance of planes in units of the lattice vector
DENSE_LIMIT = 400  # atoms up to which all pairs of an open molecule are compared directly


@dataclass(frozen=True, eq=False)
class Neighbors:
    """Pairs of one structure. The displacement from receiver to sender is x_s + shift · cell − x_r."""

    receiver: np.ndarray  # [edge] int64
    sender: np.ndarray  # [edge] int64
    shift: np.ndarray  # [edge, 3] int64


def find_neighbors(structure: Structure, cutoff: float) -> Neighbors:
    """Return all pairs closer than `cutoff` (Å). Open molecules and periodic boxes of any shape; never an atom with
    itself, but with its own images, yes.
    """
    if not structure.periodic.any() and len(structure) <= DENSE_LIMIT:
        return _all_pairs(structure.positions, cutoff)
    cell = structure.cell * structure.periodic[:, None]  # ASE takes zeros where nothing repeats
    steps = None
    if structure.periodic.any() and _skewed(
        cell, structure.periodic
    ):  # ASE would look at every cell in the cutoff's box
        cell, steps = reduction(structure)
    # Imported here: it brings scipy along, which takes longer than to open a packed model and evaluate it.
    from ase.neighborlist import primitive_neighbor_list

    receiver, sender, shift = primitive_neighbor_list(
        "ijS", structure.periodic, cell, structure.positions, float(cutoff), self_interaction=False
    )
    if steps is not None:
        shift = shift @ steps
    order = np.lexsort((shift[:, 2], shift[:, 1], shift[:, 0], sender, receiver))
    return Neighbors(receiver[order].astype(np.int64), sender[order].astype(np.int64), shift[order].astype(np.int64))


def _skewed(cell: np.ndarray, periodic: np.ndarray) -> bool:
    """Return whether planes of the lattice are much closer than its vectors are long."""
    full = completed_cell(cell, periodic)
    heights = 1 / np.linalg.norm(np.linalg.inv(full), axis=0)
    return bool((heights[periodic] < MOST_SKEWED * np.linalg.norm(cell[periodic], axis=1)).any())


def _all_pairs(positions: np.ndarray, cutoff: float) -> Neighbors:
    distance = np.linalg.norm(positions[None] - positions[:, None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    receiver, sender = np.nonzero(distance < cutoff)  # row-major: already in canonical order
    return Neighbors(receiver, sender, np.zeros((len(receiver), 3), dtype=np.int64))
