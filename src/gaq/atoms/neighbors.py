"""Directed neighbour pairs within a cutoff, in canonical order: by receiver, then sender, then shift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gaq.atoms.structure import Structure

DENSE_LIMIT = 400  # atoms up to which all pairs of an open molecule are compared directly


@dataclass(frozen=True, eq=False)
class Neighbors:
    """Pairs of one structure. The displacement from receiver to sender is x_s + shift · cell − x_r."""

    receiver: np.ndarray  # [edge] int64
    sender: np.ndarray  # [edge] int64
    shift: np.ndarray  # [edge, 3] int64


def find_neighbors(structure: Structure, cutoff: float) -> Neighbors:
    """All pairs closer than `cutoff` (Å). Open molecules and periodic boxes of any shape; never an atom with
    itself, but with its own images, yes.
    """
    if not structure.periodic.any() and len(structure) <= DENSE_LIMIT:
        return _all_pairs(structure.positions, cutoff)
    cell = structure.cell * structure.periodic[:, None]  # ASE takes zeros where nothing repeats
    # Imported here: it brings scipy along, which takes longer than to open a packed model and evaluate it.
    from ase.neighborlist import primitive_neighbor_list

    receiver, sender, shift = primitive_neighbor_list(
        "ijS", structure.periodic, cell, structure.positions, float(cutoff), self_interaction=False
    )
    order = np.lexsort((shift[:, 2], shift[:, 1], shift[:, 0], sender, receiver))
    return Neighbors(receiver[order].astype(np.int64), sender[order].astype(np.int64), shift[order].astype(np.int64))


def _all_pairs(positions: np.ndarray, cutoff: float) -> Neighbors:
    distance = np.linalg.norm(positions[None] - positions[:, None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    receiver, sender = np.nonzero(distance < cutoff)  # row-major: already in canonical order
    return Neighbors(receiver, sender, np.zeros((len(receiver), 3), dtype=np.int64))
