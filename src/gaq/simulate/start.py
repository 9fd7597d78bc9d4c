"""Where a run begins: a frame of a file, with the velocities it brings or with some of a temperature."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gaq.atoms.from_ase import from_ase
from gaq.atoms.structure import Structure
from gaq.data.extxyz import read_frames
from gaq.data.read import is_npz, read_structures
from gaq.engine.motion import LANGEVIN
from gaq.errors import UsageError
from gaq.files import readable_file
from gaq.simulate.velocities import angular_momentum, degrees_of_freedom

STILL = 1e-9  # amu Å/fs and amu Å²/fs; a hydrogen atom at 300 K has 0.03


@dataclass(frozen=True, eq=False)
class Start:
    """A structure, and velocities [atom, 3] in Å/fs if the file has them."""

    structure: Structure
    velocities: np.ndarray | None


def read_start(path: Path, frame: int = 0) -> Start:
    """One frame of any file that gaq reads; a negative number counts from the end. Raises what reading raises."""
    if is_npz(readable_file(path)):
        structures = read_structures(path, None if frame < 0 else frame + 1)
        return Start(structures[_place(path, frame, len(structures))], None)
    frames = read_frames(path, None if frame < 0 else frame + 1)
    atoms = frames[_place(path, frame, len(frames))]
    structure = from_ase(atoms, frame % len(frames), str(path))
    if "momenta" not in atoms.arrays:
        return Start(structure, None)
    from ase import units  # ase.units takes time, and most starts have no momenta

    return Start(structure, np.asarray(atoms.get_velocities(), dtype=np.float64) * units.fs)


def freedom_of(structure: Structure, masses: np.ndarray, velocities: np.ndarray, thermostat: str | None) -> int:
    """Degrees of freedom of the kinetic energy: without the motions of the whole that are not there.

    Langevin's noise makes a molecule turn, and leaves its centre at rest; everything else keeps what it finds.
    """
    still = degrees_of_freedom(structure)
    turns = 0 if structure.periodic.any() else 3 * len(structure) - 3 - still
    if thermostat == LANGEVIN:
        return still + turns
    momentum = float(np.abs(masses @ velocities).max())
    spin = float(np.abs(angular_momentum(structure, masses, velocities)).max())
    return still + (3 if momentum > STILL else 0) + (turns if spin > STILL else 0)


def _place(path: Path, frame: int, count: int) -> int:
    if not -count <= frame < count:
        raise UsageError(f"--frame {frame}: {path} has {count} frames, 0 to {count - 1}")
    return frame
