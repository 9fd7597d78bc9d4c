"""NumPy archives: opened without executing anything, and converted to conformations of one molecule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gaq.atoms.checks import check_conformations
from gaq.atoms.structure import Labels, Structure
from gaq.data.labels import check_finite_labels
from gaq.errors import BadFile
from gaq.formats import arrays as archive

WAY_OUT = "It is truncated or another kind of file; download or copy it again."


@dataclass(frozen=True)
class ArrayNames:
    """Names of the arrays in one kind of file."""

    kind: str  # name of the kind in errors
    species: str
    positions: str
    energies: str
    forces: str

    def all(self) -> tuple[str, str, str, str]:
        return self.species, self.positions, self.energies, self.forces


def npz_keys(path: Path) -> tuple[str, ...]:
    """Return the names of the arrays in the archive. Raises BadFile if it is truncated or no archive."""
    return archive.array_names(path, WAY_OUT)


def read_arrays(path: Path, keys: Sequence[str], kind: str) -> dict[str, np.ndarray]:
    """Return these arrays of the archive. Raises BadFile: truncated, one missing, or one of Python objects."""
    present = npz_keys(path)
    missing = [key for key in keys if key not in present]
    if missing:
        raise BadFile(
            f"{path} has the arrays {', '.join(present) or '(none)'}; {kind} needs {', '.join(keys)}: "
            f"{', '.join(missing)} is missing."
        )
    return archive.read_arrays(path, WAY_OUT, keys)


def check_shapes(path: Path, arrays: Mapping[str, np.ndarray], names: ArrayNames) -> None:
    """Refuse arrays that do not fit each other: [atom], [frame, atom, 3], [frame], [frame, atom, 3].

    Energies may also have the shape [frame, 1]. Raises BadFile.
    """
    species, positions = arrays[names.species], arrays[names.positions]
    energies, forces = arrays[names.energies], arrays[names.forces]
    for key in names.all():
        if arrays[key].dtype.kind not in "iuf":
            raise BadFile(f"{path}: array {key} holds {arrays[key].dtype}; expected numbers.")
    if positions.ndim != 3 or positions.shape[2] != 3:
        raise BadFile(f"{path}: {names.positions} has shape {positions.shape}; expected (frames, atoms, 3).")
    frames, atoms = positions.shape[:2]
    expected = {
        names.species: [(atoms,), (frames, atoms)] if species.ndim == 2 else [(atoms,)],
        names.energies: [(frames,), (frames, 1)],
        names.forces: [(frames, atoms, 3)],
    }
    for key, array in zip(expected, (species, energies, forces), strict=True):
        if array.shape not in expected[key]:
            raise BadFile(
                f"{path}: {key} has shape {array.shape}; {names.positions} has {frames} frames of {atoms} "
                f"atoms, so {' or '.join(map(str, expected[key]))} was expected."
            )
    if not (species == np.floor(species)).all():
        raise BadFile(f"{path}: {names.species} are not integers; expected atomic numbers.")
    if frames == 0:
        raise BadFile(f"{path} holds no frames; expected at least one.")


def conformations(
    path: Path, arrays: Mapping[str, np.ndarray], names: ArrayNames, unit: float, limit: int | None
) -> tuple[tuple[Structure, ...], tuple[Labels, ...]]:
    """Return checked structures and labels of one molecule in open space, in Å, eV and eV/Å.

    `unit` is the energy unit of the file in eV. Raises BadFile, BadStructure and BadLabels.
    """
    check_shapes(path, arrays, names)
    chosen = slice(0, limit)
    species = arrays[names.species].astype(np.int64)
    positions = arrays[names.positions][chosen].astype(np.float64)
    energies = arrays[names.energies][chosen].reshape(len(positions)).astype(np.float64) * unit
    forces = arrays[names.forces][chosen].astype(np.float64) * unit
    check_conformations(species, positions, str(path))
    structures = tuple(Structure.molecule(species, frame) for frame in positions)
    labels = tuple(Labels(float(e), f) for e, f in zip(energies, forces, strict=True))
    check_finite_labels(labels, str(path))
    return structures, labels
