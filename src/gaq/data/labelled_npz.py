"""gaq's npz format for labelled conformations of one molecule: eV, eV/Å, and their origin.

Arrays: species [atom], positions [frame, atom, 3] float64 (Å), energies [frame] float64 (eV), forces
[frame, atom, 3] float32 (eV/Å), units (the text `eV, eV/Å`), origin (a text: method, command, versions).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gaq.atoms.structure import Labels, Structure
from gaq.data.dataset import Dataset
from gaq.data.npz import ArrayNames, conformations, read_arrays
from gaq.data.plausible import check_units
from gaq.errors import BadLabels, UsageError
from gaq.files import sha256_of, write_atomically

NAMES = ArrayNames("a labelled archive", "species", "positions", "energies", "forces")
UNITS = "eV, eV/Å"


def read_labelled_npz(path: Path, limit: int | None = None) -> Dataset:
    """Return the content of an archive of `write_labelled_npz`. Raises BadFile, BadStructure, BadLabels."""
    arrays = read_arrays(path, (*NAMES.all(), "units"), NAMES.kind)
    if str(arrays["units"]) != UNITS:
        raise BadLabels(f"{path} has the units {str(arrays['units'])!r}; expected {UNITS!r}. Convert it.")
    structures, labels = conformations(path, arrays, NAMES, 1.0, limit)
    check_units(structures, labels, str(path))
    return Dataset(path.stem, structures, labels, sha256_of(path))


def write_labelled_npz(path: Path, structures: tuple[Structure, ...], labels: tuple[Labels, ...], origin: str) -> None:
    """Write frames of one molecule, compressed; the same frames give the same bytes.

    Forces keep 24 bits, a relative error of 6e-8. Raises UsageError if the frames are not of one molecule.
    """
    species = structures[0].species
    if any(s.periodic.any() or not np.array_equal(s.species, species) for s in structures):
        raise UsageError(f"{path}: an npz holds one molecule in open space. Write an .xyz file instead.")
    arrays: dict[str, Any] = {
        "species": species,
        "positions": np.stack([s.positions for s in structures]),
        "energies": np.array([label.energy for label in labels]),
        "forces": np.stack([label.forces for label in labels]).astype(np.float32),
        "units": np.array(UNITS),
        "origin": np.array(origin),
    }

    def write(temporary: Path) -> None:
        with open(temporary, "wb") as stream:
            np.savez_compressed(stream, **arrays)

    write_atomically(path, write)
