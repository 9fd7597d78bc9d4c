"""What a structure is, and what is said about it: `Structure`, `Labels`, `Prediction`.

These are plain NumPy: whatever measures or simulates takes them, so that an engine without PyTorch fits in.
Labels are apart from inputs, so that nothing which predicts can peek.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class Structure:
    """Atoms of one molecule or one periodic box. Lengths in Å; lattice vectors are rows, zeros where not
    periodic.
    """

    species: np.ndarray  # [atom] int64, atomic numbers
    positions: np.ndarray  # [atom, 3] float64
    cell: np.ndarray  # [3, 3] float64
    periodic: np.ndarray  # [3] bool

    @staticmethod
    def molecule(species: np.ndarray, positions: np.ndarray) -> Structure:
        """Return atoms in open space."""
        return Structure(
            np.asarray(species, dtype=np.int64),
            np.asarray(positions, dtype=np.float64),
            np.zeros((3, 3)),
            np.zeros(3, dtype=bool),
        )

    def __len__(self) -> int:
        return len(self.species)

    def rotated(self, rotation: np.ndarray) -> Structure:
        """Return positions and cell turned by an orthogonal [3, 3] matrix: x → R x."""
        return replace(self, positions=self.positions @ rotation.T, cell=self.cell @ rotation.T)

    def moved(self, positions: np.ndarray) -> Structure:
        """Return the same atoms at other positions [atom, 3]."""
        return replace(self, positions=np.asarray(positions, dtype=np.float64))

    def permuted(self, order: np.ndarray) -> Structure:
        """Return the atoms in another order: atom k of the result is atom `order[k]` of this one."""
        return replace(self, species=self.species[order], positions=self.positions[order])


@dataclass(frozen=True)
class Weights:
    """How much the labels of one frame count in the loss and in statistics; 0 leaves a label out."""

    energy: float = 1.0
    forces: float = 1.0
    stress: float = 1.0


@dataclass(frozen=True, eq=False)
class Labels:
    """Reference values of one structure; NaN where a value is unknown."""

    energy: float  # eV
    forces: np.ndarray  # [atom, 3] float64, eV/Å
    virial: np.ndarray | None = None  # [3, 3] float64, eV: dE/dε, the stress times the volume; None where unknown
    weights: Weights = Weights()


@dataclass(frozen=True, eq=False)
class Prediction:
    """What an engine says of one structure."""

    energy: float  # eV
    forces: np.ndarray  # [atom, 3] float64, eV/Å
    virial: np.ndarray | None = None  # [3, 3] float64, eV: dE/dε of a homogeneous strain; None where not computed
    atomic_energies: np.ndarray | None = None  # [atom] float64, eV, their sum is the energy; None where not computed
