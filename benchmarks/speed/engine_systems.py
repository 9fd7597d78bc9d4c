"""What the engine is timed on: first frames of rMD17, and boxes filled with the first frame of azobenzene."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gaq.atoms.neighbors import find_neighbors
from gaq.atoms.structure import Structure
from gaq.data.read import read_structures

CUTOFF = 5.0  # Å
GAP = 2.1  # Å between the boxes around neighbouring molecules: the density of an organic crystal
# Molecules along the three axes, boxes as near to cubes as the long molecule allows; 24 atoms each.
BOXES = {192: (1, 2, 4), 1_008: (2, 3, 7), 10_080: (4, 7, 15), 100_800: (8, 15, 35)}
GRAMS_PER_CUBIC_CM = 1.66054  # of one atomic mass unit in 1 Å³


def first_frame(data: Path, molecule: str) -> Structure:
    """The first test frame of an rMD17 molecule, of its official split 01."""
    return read_structures(data / f"rmd17_{molecule}_test_01.npz", 1)[0]


def molecular_box(molecule: Structure, counts: tuple[int, int, int], gap: float = GAP) -> Structure:
    """A periodic box of copies of a molecule, laid along its principal axes, in a rectangular lattice."""
    centred = molecule.positions - molecule.positions.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    laid = centred @ (axes * np.sign(np.linalg.det(axes))).T
    edges = np.ptp(laid, axis=0) + gap
    places = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), axis=-1).reshape(-1, 3)
    positions = (laid - laid.min(axis=0) + edges * places[:, None, :]).reshape(-1, 3)
    cell = np.diag(edges * counts)
    return Structure(np.tile(molecule.species, len(places)), positions, cell, np.ones(3, dtype=bool))


def described(molecule: Structure, name: str, gap: float = GAP) -> str:
    """What rows call boxes of a molecule, of any size: density, and directed pairs within 5 Å for each atom."""
    from ase.data import atomic_masses

    box = molecular_box(molecule, (1, 1, 1), gap)
    density = GRAMS_PER_CUBIC_CM * atomic_masses[box.species].sum() / abs(np.linalg.det(box.cell))
    neighbors = len(find_neighbors(box, CUTOFF).receiver) / len(box)
    return f"{name} box, {density:.2f} g/cm³, {neighbors:.0f} neighbours/atom"
