"""Short lattice vectors for skewed cells, so that images are found by looking at few of them."""

from __future__ import annotations

import numpy as np

from gaq.atoms.structure import Structure
from gaq.errors import BadStructure

MOST_ROUNDS = 1000


def reduced_cell(structure: Structure) -> np.ndarray:
    """Lattice vectors [3, 3] of the same lattice, as short as pairwise reduction makes them; zeros where not periodic.

    Raises `BadStructure` where vectors are so nearly parallel that double precision cannot tell.
    """
    return reduction(structure)[0]


def reduction(structure: Structure) -> tuple[np.ndarray, np.ndarray]:
    """Return the reduced cell, and the integers [3, 3] that make it of the given one: reduced = integers @ cell."""
    cell = np.where(structure.periodic[:, None], structure.cell, 0.0).astype(np.float64)
    steps = np.eye(3, dtype=np.int64)
    axes = np.flatnonzero(structure.periodic).tolist()
    for _ in range(MOST_ROUNDS):
        changed = False
        for k in sorted(axes, key=lambda axis: -float(cell[axis] @ cell[axis])):
            shorter = _shorter(cell, steps, k, [axis for axis in axes if axis != k])
            changed |= shorter
        if not changed:
            return cell, steps
    raise BadStructure(
        f"The structure has lattice vectors {structure.cell.tolist()}, so nearly parallel that images cannot be "
        f"counted. Give the cell by its shortest lattice vectors."
    )


def completed_cell(cell: np.ndarray, periodic: np.ndarray) -> np.ndarray:
    """Return the cell with unit vectors at right angles to the periodic ones where nothing repeats: it can be
    inverted.
    """
    vectors = cell[periodic]
    full = cell.copy()
    if len(vectors) < 3:
        scaled = vectors / np.linalg.norm(vectors, axis=1)[:, None]
        _, _, across = np.linalg.svd(scaled, full_matrices=True)
        full[~periodic] = across[len(vectors) :]
    return full


def _shorter(cell: np.ndarray, steps: np.ndarray, k: int, others: list[int]) -> bool:
    """Subtract from vector `k` what makes it shorter: multiples of others, then of their sums; return if it did."""
    directions = [np.eye(3, dtype=np.int64)[j] for j in others]
    if len(others) == 2:
        directions += [directions[0] + directions[1], directions[0] - directions[1]]
    changed = False
    for direction in directions:
        by = direction @ cell
        size = float(by @ by)
        times = np.rint(float(cell[k] @ by) / size) if size > 0 else 0.0
        if times == 0.0 or abs(times) > 2**31:
            continue
        moved = cell[k] - times * by
        if float(moved @ moved) < float(cell[k] @ cell[k]) * (1 - 1e-12):
            cell[k] = moved
            steps[k] -= int(times) * (direction @ steps)
            changed = True
    return changed
