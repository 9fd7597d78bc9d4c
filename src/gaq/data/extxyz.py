"""Any labelled extended XYZ file, or other file of ASE's that carries energies and forces: eV and eV/Å."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gaq.atoms.checks import structure_label
from gaq.atoms.from_ase import from_ase, to_ase
from gaq.atoms.structure import Labels, Structure
from gaq.data.dataset import Dataset
from gaq.data.labels import check_finite_labels, energy_only
from gaq.data.plausible import check_units
from gaq.errors import BadFile, BadLabels
from gaq.files import sha256_of, write_atomically

if TYPE_CHECKING:
    from ase import Atoms

# In order of preference: who wrote REF_ meant the reference, whatever else is in the file.
ENERGY_KEYS = ("REF_energy", "energy", "Energy", "dft_energy", "total_energy", "free_energy", "U0")
FORCE_KEYS = ("REF_forces", "forces", "Forces", "dft_forces", "force")


def read_extxyz(path: Path, limit: int | None = None, energies_only: bool = False) -> Dataset:
    """Structures with the energies and forces under `ENERGY_KEYS` and `FORCE_KEYS`, periodic boxes included.

    A single atom in open space needs no forces: they are zero. Other frames without forces are refused, or
    read with NaN forces when `energies_only` is true. `limit` takes the first frames. Raises BadFile,
    BadStructure, BadLabels.
    """
    structures, labels, forceless = [], [], set()
    for index, atoms in enumerate(read_frames(path, limit)):
        name = structure_label(index, str(path))
        structure = from_ase(atoms, index, str(path))
        energy, forces = _energy(atoms, name), _forces(atoms, structure, name)
        if forces is None and not energies_only:
            raise BadLabels(_no_forces(atoms, name))
        if forces is None:
            forceless.add(index)
        structures.append(structure)
        labels.append(energy_only(energy, len(atoms)) if forces is None else Labels(energy, forces))
    check_finite_labels(labels, str(path), forceless)
    check_units(structures, labels, str(path))
    return Dataset(path.stem, tuple(structures), tuple(labels), sha256_of(path))


def read_frames(path: Path, limit: int | None = None) -> list[Atoms]:
    """The frames of a file of any format that ASE knows. Raises BadFile."""
    from ase.io import read
    from ase.io.formats import UnknownFileTypeError

    try:
        frames = read(path, index=slice(0, limit))
    except UnknownFileTypeError as error:
        raise BadFile(
            f"{path} is of no format that ASE or gaq knows. Expected an rMD17 or labelled npz, or extended XYZ."
        ) from error
    except Exception as error:  # every one of ASE's parsers fails in its own way
        raise BadFile(
            f"{path} cannot be read ({type(error).__name__}: {str(error).strip() or 'it ends early'}). "
            f"It is truncated or not what its name says; repair it or fetch it again."
        ) from error
    if not frames:
        raise BadFile(f"{path} holds no frames; expected at least one.")
    return frames


def write_extxyz(path: Path, structures: tuple[Structure, ...], labels: tuple[Labels, ...], origin: str) -> None:
    """Writes labelled frames as extended XYZ, eight decimals; the first comment line carries `origin`."""
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    frames = []
    for structure, label in zip(structures, labels, strict=True):
        atoms = to_ase(structure)
        atoms.calc = SinglePointCalculator(atoms, energy=label.energy, forces=label.forces)
        frames.append(atoms)
    frames[0].info["config"] = origin
    write_atomically(path, lambda temporary: write(temporary, frames, format="extxyz"))


def _results(atoms: Atoms) -> Mapping[str, Any]:
    return atoms.calc.results if atoms.calc is not None else {}


def _energy(atoms: Atoms, name: str) -> float:
    value = _first(ENERGY_KEYS, _results(atoms), atoms.info)
    if value is None:
        found = ", ".join(sorted({*_results(atoms), *atoms.info})) or "none"
        raise BadLabels(
            f"{name} has no energy. Looked for {', '.join(ENERGY_KEYS)}; found {found}. "
            f"Rename the entry, or label the structures first (gaq data label)."
        )
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "iuf":
        raise BadLabels(f"{name} has the energy {value!r}; expected one number in eV.")
    return float(array.reshape(()))


def _forces(atoms: Atoms, structure: Structure, name: str) -> np.ndarray | None:
    """Forces [atom, 3]; None when there are none."""
    value = _first(FORCE_KEYS, _results(atoms), atoms.arrays)
    if value is None:
        alone = len(structure) == 1 and not structure.periodic.any()
        return np.zeros((1, 3)) if alone else None
    forces = np.asarray(value)
    if forces.shape != (len(structure), 3) or forces.dtype.kind not in "iuf":
        raise BadLabels(f"{name} has forces of shape {forces.shape}; expected {(len(structure), 3)} numbers.")
    return forces.astype(np.float64)


def _no_forces(atoms: Atoms, name: str) -> str:
    found = ", ".join(sorted(set(atoms.arrays) - {"numbers", "positions"})) or "none"
    return (
        f"{name} has an energy and no forces. Looked for {', '.join(FORCE_KEYS)}; per-atom entries found: "
        f"{found}. Training and force errors need forces: rename the entry or choose another file."
    )


def _first(keys: tuple[str, ...], *places: Mapping[str, Any]) -> Any:
    for key in keys:
        for place in places:
            if place.get(key) is not None:
                return place[key]
    return None
