"""Systems of the speed benchmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gaq.atoms.neighbors import find_neighbors
from gaq.atoms.structure import Structure
from gaq.data.read import read_structures

CUTOFF = 5.0  # Å
GAP = 2.1  # Å between boxes, as in an organic crystal
# molecules along the axes, nearly cubic
BOXES = {192: (1, 2, 4), 1_008: (2, 3, 7), 10_080: (4, 7, 15), 100_800: (8, 15, 35)}
GRAMS_PER_CUBIC_CM = 1.66054  # atomic mass unit per Å³


def first_frame(data: Path, molecule: str) -> Structure:
    """Return the first test frame."""
    return read_structures(data / f"rmd17_{molecule}_test_01.npz", 1)[0]


def molecular_box(molecule: Structure, counts: tuple[int, int, int], gap: float = GAP) -> Structure:
    """Return a periodic box of molecules."""
    centred = molecule.positions - molecule.positions.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    laid = centred @ (axes * np.sign(np.linalg.det(axes))).T
    edges = np.ptp(laid, axis=0) + gap
    places = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), axis=-1).reshape(-1, 3)
    positions = (laid - laid.min(axis=0) + edges * places[:, None, :]).reshape(-1, 3)
    cell = np.diag(edges * counts)
    return Structure(np.tile(molecule.species, len(places)), positions, cell, np.ones(3, dtype=bool))


def described(molecule: Structure, name: str, gap: float = GAP) -> str:
    """Return density and directed pairs per atom."""
    from ase.data import atomic_masses

    box = molecular_box(molecule, (1, 1, 1), gap)
    density = GRAMS_PER_CUBIC_CM * atomic_masses[box.species].sum() / abs(np.linalg.det(box.cell))
    neighbors = len(find_neighbors(box, CUTOFF).receiver) / len(box)
    return f"{name} box, {density:.2f} g/cm³, {neighbors:.0f} neighbours/atom"
