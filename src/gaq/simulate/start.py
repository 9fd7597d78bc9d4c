"""The start of a run: a frame of a file with its masses, constraints and velocities.

Physics in a file is used, refused or reported: masses and fixed atoms are used, other constraints are
refused, and charges, magnetic moments and velocities in no defined unit are reported as having no effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gaq.atoms.checks import list_atoms, structure_label
from gaq.atoms.from_ase import from_ase
from gaq.atoms.structure import Structure
from gaq.data.extxyz import read_frames
from gaq.data.read import is_npz, read_structures
from gaq.engine.motion import LANGEVIN
from gaq.errors import BadStructure, UsageError
from gaq.files import readable_file
from gaq.simulate.velocities import angular_momentum, degrees_of_freedom, masses_of

if TYPE_CHECKING:
    from ase import Atoms

STILL = 1e-9  # amu Å/fs and amu Å²/fs; a hydrogen atom at 300 K has 0.03
HEAVIEST_ATOM = 1000.0  # amu
MASSES = ("masses", "mass")  # ASE's column name, and the one in its documentation
VELOCITIES = ("velocities", "velocity", "vel", "velo", "v")
WITHOUT_EFFECT = {
    "initial_charges": "charges of atoms",
    "initial_magmoms": "magnetic moments of atoms",
    "charge": "charge",
    "spin": "spin",
    "multiplicity": "multiplicity",
}


@dataclass(frozen=True, eq=False)
class RunStart:
    """A structure with the atomic data of its file."""

    structure: Structure
    velocities: np.ndarray | None  # [atom, 3] Å/fs, if the file has momenta
    masses: np.ndarray  # [atom] amu, from the file or standard
    fixed: np.ndarray  # [atom] bool, atoms that do not move
    notes: tuple[str, ...] = ()  # content of the file without effect, in sentences


def read_start(path: Path, frame: int = 0) -> RunStart:
    """Read one frame of any file that gaq reads; a negative index counts from the end.

    Raises `BadStructure` for invalid masses and for constraints other than fixed atoms, and the errors of reading.
    """
    if is_npz(readable_file(path)):
        structures = read_structures(path, None if frame < 0 else frame + 1)
        structure = structures[_place(path, frame, len(structures))]
        return RunStart(structure, None, masses_of(structure), np.zeros(len(structure), dtype=bool))
    frames = read_frames(path, None if frame < 0 else frame + 1)
    atoms = frames[_place(path, frame, len(frames))]
    name = structure_label(frame % len(frames), str(path))
    structure = from_ase(atoms, frame % len(frames), str(path))
    masses, fixed = _masses(atoms, structure, name), _fixed(atoms, name)
    velocities = None
    if "momenta" in atoms.arrays:
        from ase import units  # ase.units is slow to import, and most starts have no momenta

        velocities = np.asarray(atoms.get_momenta(), dtype=np.float64) / masses[:, None] * units.fs
        velocities = np.where(fixed[:, None], 0.0, velocities)
        if not np.isfinite(velocities).all():
            raise BadStructure(f"{name} has momenta that are not finite. Repair or remove them.")
    return RunStart(structure, velocities, masses, fixed, tuple(_notes(atoms, structure, name)))


def _masses(atoms: Atoms, structure: Structure, name: str) -> np.ndarray:
    """Return the masses [atom] of the file, or standard ones."""
    standard = masses_of(structure)
    found = [key for key in MASSES if key in atoms.arrays]
    if not found:
        return standard
    given = np.asarray(atoms.arrays[found[0]])
    if given.shape != (len(structure),) or given.dtype.kind not in "iuf":
        raise BadStructure(f"{name} has {found[0]} of shape {given.shape}; expected a number for each atom, in amu.")
    masses = given.astype(np.float64)
    wrong = np.flatnonzero(~((masses > 0) & (masses <= HEAVIEST_ATOM)))
    if len(wrong):
        raise BadStructure(
            f"{name} has the mass {masses[wrong[0]]:g} at {list_atoms(wrong)}; expected amu, more than 0 and at most "
            f"{HEAVIEST_ATOM:g}. Repair the column {found[0]}, or remove it for the standard masses."
        )
    return masses


def _fixed(atoms: Atoms, name: str) -> np.ndarray:
    """Return the fixed atoms. Raises `BadStructure` for any other constraint."""
    from ase.constraints import FixAtoms, FixCartesian

    fixed = np.zeros(len(atoms), dtype=bool)
    for constraint in atoms.constraints:
        if isinstance(constraint, FixAtoms) or (isinstance(constraint, FixCartesian) and constraint.mask.all()):
            fixed[constraint.index] = True
        elif not (isinstance(constraint, FixCartesian) and not constraint.mask.any()):
            raise BadStructure(
                f"{name} has the constraint {type(constraint).__name__}; gaq can only keep whole atoms fixed "
                f"(FixAtoms). Remove it, or run with ASE: atoms.calc = gaq.Calculator(...)."
            )
    if fixed.all():
        raise BadStructure(f"{name} has no atom that may move: all are fixed. Remove the constraint from some.")
    return fixed


def _notes(atoms: Atoms, structure: Structure, name: str) -> list[str]:
    notes = []
    for key, what in WITHOUT_EFFECT.items():
        value = atoms.arrays.get(key, atoms.info.get(key))
        if value is not None and _says_something(key, value):
            notes.append(
                f"{name} has {what} ({key}), which have no effect: the model uses elements and positions only."
            )
    for key in VELOCITIES:
        if key in atoms.arrays:
            notes.append(f"{name} has a column {key}, in no defined unit, which is not used; momenta would be (ASE).")
    if atoms.cell.rank and not structure.periodic.any():
        notes.append(f"{name} has a cell but no periodic direction: it runs as a molecule in open space.")
    return notes


def _says_something(key: str, value: object) -> bool:
    """Return whether a value differs from the default: neutral, no unpaired electrons."""
    neutral = 1 if key == "multiplicity" else 0
    array = np.asarray(value)
    return array.dtype.kind not in "iufb" or bool(np.any(array != neutral))


def freedom_of(
    structure: Structure,
    masses: np.ndarray,
    velocities: np.ndarray,
    thermostat: str | None,
    fixed: np.ndarray | None = None,
) -> int:
    """Count the degrees of freedom of the kinetic energy, without overall motions that the run does not have.

    Langevin's noise rotates a molecule and leaves its centre at rest; other dynamics conserve overall motions. With
    `fixed` atoms all others have three.
    """
    if fixed is not None and fixed.any():
        return degrees_of_freedom(structure, fixed)
    still = degrees_of_freedom(structure)
    turns = 0 if structure.periodic.any() else 3 * len(structure) - 3 - still
    if thermostat == LANGEVIN:
        return still + turns
    momentum = float(np.abs(masses @ velocities).max())
    spin = float(np.abs(angular_momentum(structure, masses, velocities)).max())
    return still + (3 if momentum > STILL else 0) + (turns if spin > STILL else 0)


def _place(path: Path, frame: int, count: int) -> int:
    if not -count <= frame < count:
        raise UsageError(f"`frame` {frame}: {path} has {count} frames, 0 to {count - 1}")
    return frame
