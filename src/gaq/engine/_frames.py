"""Structures in the layout of the C interface: one array of all atoms, one record per structure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gaq.atoms.elements import HEAVIEST
from gaq.atoms.structure import Prediction, Structure
from gaq.engine._library import RESULT, SYSTEM

VECTOR = 3 * 8  # bytes of three float64


class FrameBuffers:
    """Buffers for structures of given sizes, reused between calls: dynamics evaluates the same sizes again."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self.sizes = sizes
        count, atoms = len(sizes), sum(sizes)
        self._ends = np.cumsum(sizes)
        self._species = np.zeros(atoms, dtype=np.int32)
        self._positions = np.zeros((atoms, 3))
        self._cells = np.zeros((3 * count, 3))
        self._energies = np.zeros(count)
        self._forces = np.zeros((atoms, 3))
        self._virials = np.zeros((count, 3, 3))
        self._atomic = np.zeros(atoms)
        first = (self._ends - np.array(sizes, dtype=np.int64)).astype(np.uint64)
        row = np.arange(count, dtype=np.uint64)
        self._systems = np.zeros(count, dtype=SYSTEM)
        self._systems["atoms"] = sizes
        self._systems["species"] = address(self._species) + 4 * first
        self._systems["positions"] = address(self._positions) + VECTOR * first
        self._systems["cell"] = address(self._cells) + 3 * VECTOR * row
        self._results = np.zeros(count, dtype=RESULT)
        self._results["energy"] = address(self._energies) + 8 * row
        self._results["forces"] = address(self._forces) + VECTOR * first
        self._results["virial"] = address(self._virials) + 3 * VECTOR * row
        self._results["atomic_energies"] = address(self._atomic) + 8 * first
        self.systems, self.results = int(address(self._systems)), int(address(self._results))  # addresses

    def fill(self, structures: Sequence[Structure]) -> bool:
        """Copy the structures in; return False for wrong shapes or types, or numbers that are no element.

        The engine checks everything else.
        """
        if not all(fits(structure, size) for structure, size in zip(structures, self.sizes, strict=True)):
            return False
        species = np.concatenate([s.species for s in structures])
        if species.size and (species.min() < 1 or species.max() > HEAVIEST):
            return False
        self._species[:] = species
        np.concatenate([s.positions for s in structures], out=self._positions)
        np.concatenate([s.cell for s in structures], out=self._cells)
        for row, structure in enumerate(structures):
            self._systems["periodic"][row] = structure.periodic
        return True

    def move(self, positions: np.ndarray) -> None:
        """Replace the positions [atom, 3] (Å) of the atoms of all structures."""
        np.copyto(self._positions, positions)

    def views(self) -> tuple[np.ndarray, np.ndarray]:
        """Return energies [structure] and forces [atom, 3] as views of the buffers."""
        return self._energies, self._forces

    def predictions(self) -> list[Prediction]:
        """Return predictions in new arrays."""
        forces, virials, atomic = self._forces.copy(), self._virials.copy(), self._atomic.copy()
        starts = (self._ends - self.sizes).tolist()
        pieces = zip(self._energies.tolist(), starts, self._ends.tolist(), virials, strict=True)
        return [Prediction(energy, forces[a:b], virial, atomic[a:b]) for energy, a, b, virial in pieces]


def fits(structure: Structure, atoms: int) -> bool:
    """Return whether the arrays of a structure have the shapes and types of the C buffers."""
    arrays = (
        (structure.species, (atoms,), "iu"),
        (structure.positions, (atoms, 3), "fiu"),
        (structure.cell, (3, 3), "fiu"),
        (structure.periodic, (3,), "b"),
    )
    return all(isinstance(a, np.ndarray) and a.shape == shape and a.dtype.kind in kinds for a, shape, kinds in arrays)


def address(array: np.ndarray) -> np.uint64:
    """Return the address of an array's data."""
    return np.uint64(array.__array_interface__["data"][0])
