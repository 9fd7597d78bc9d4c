"""Labelled extended XYZ files, and other files that ASE reads with energies and forces: eV, eV/Å and eV/Å³."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gaq.atoms.checks import structure_label
from gaq.atoms.from_ase import from_ase, to_ase
from gaq.atoms.structure import Labels, Structure, Weights
from gaq.data.dataset import Dataset
from gaq.data.keys import ENERGY, Keys, choose_keys, no_energy, no_forces, other_family, per_atom, per_frame
from gaq.data.labels import check_finite_labels
from gaq.data.plausible import check_units
from gaq.data.remarks import remarks_of
from gaq.data.states import state_of
from gaq.data.stress import virial_of
from gaq.data.xyz_text import read_text, tidied
from gaq.errors import BadFile, BadLabels, GaqError
from gaq.files import sha256_of, write_atomically

if TYPE_CHECKING:
    from ase import Atoms

# The labels that each weight multiplies (MACE's convention); virials and stress are one label.
WEIGHTS = {
    "energy": ("config_weight", "config_energy_weight"),
    "forces": ("config_weight", "config_forces_weight"),
    "stress": ("config_weight", "config_stress_weight", "config_virials_weight"),
}


def read_extxyz(path: Path, limit: int | None = None, energies_only: bool = False, labels: str = "") -> Dataset:
    """Return structures with energies, forces, stresses, weights and states, periodic boxes included.

    All labels have names of one family, which `labels` chooses if there are several (`keys.choose_keys`). A
    single atom needs no forces: they are zero. A frame may lack the energy if others have one, and the forces if
    it gives them no weight; other frames without forces are refused, or read with NaN forces if `energies_only` is
    true. `limit` takes the first frames. Raises BadFile, BadStructure, BadLabels, UsageError.
    """
    frames, unsaid = _frames(path, limit)
    where = str(path)
    structures = [from_ase(atoms, index, where) for index, atoms in enumerate(frames)]
    keys = choose_keys(frames, where, labels)
    weights = [_weights(atoms, structure_label(index, where)) for index, atoms in enumerate(frames)]
    energies = _energies(frames, weights, keys, where)
    both = zip(frames, structures, strict=True)
    forces = [_forces(atoms, structure, keys, structure_label(k, where)) for k, (atoms, structure) in enumerate(both)]
    unknown = {index for index, atoms in enumerate(frames) if per_frame(atoms, keys.energy) is None}
    forceless = {index for index, found in enumerate(forces) if found is None}
    for index in sorted(forceless):
        if not (energies_only or weights[index].forces == 0):
            raise no_forces(frames, keys, index, where)
        if index in unknown:
            raise BadLabels(f"{structure_label(index, where)} has no energy and no forces. Label it or remove it.")
    virials = [virial_of(atoms, keys, structure_label(index, where)) for index, atoms in enumerate(frames)]
    found = tuple(
        Labels(energy, np.full((len(structure), 3), np.nan) if force is None else force, virial, weight)
        for structure, energy, force, virial, weight in zip(structures, energies, forces, virials, weights, strict=True)
    )
    check_finite_labels(found, where, forceless, unknown)
    check_units(structures, found, where)
    states = tuple(state_of(atoms.info, structure_label(index, where)) for index, atoms in enumerate(frames))
    remarks = remarks_of(frames, keys, unsaid)
    return Dataset(path.stem, tuple(structures), found, sha256_of(path), states, remarks)


def read_frames(path: Path, limit: int | None = None) -> list[Atoms]:
    """Return the frames of a file in any format that ASE reads. Raises BadFile."""
    return _frames(path, limit)[0]


def _frames(path: Path, limit: int | None) -> tuple[list[Atoms], int]:
    """Return the frames, and how many have a lattice without saying which directions are periodic."""
    from ase.io import read
    from ase.io.formats import UnknownFileTypeError, filetype

    unsaid = 0
    try:
        if filetype(str(path)) in ("extxyz", "xyz"):
            text, unsaid = tidied(read_text(path), str(path), limit)
            frames = read(StringIO(text), index=slice(0, limit), format="extxyz") if text else []
        else:
            frames = read(path, index=slice(0, limit))
    except UnknownFileTypeError as error:
        raise BadFile(
            f"{path} has a format that neither ASE nor gaq reads. Expected an rMD17 or labelled npz, or extended XYZ."
        ) from error
    except GaqError:
        raise
    except Exception as error:  # ASE's parsers raise all kinds of exceptions
        raise BadFile(
            f"{path} cannot be read ({type(error).__name__}: {str(error).strip() or 'it ends early'}). "
            f"It is truncated or its name has the wrong ending; repair it or fetch it again."
        ) from error
    if not frames:
        raise BadFile(f"{path} holds no frames; expected at least one.")
    return frames, unsaid


def write_extxyz(path: Path, structures: tuple[Structure, ...], labels: tuple[Labels, ...], origin: str) -> None:
    """Write labelled frames as extended XYZ with eight decimals; the first comment line contains `origin`."""
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    frames = []
    for structure, label in zip(structures, labels, strict=True):
        atoms = to_ase(structure)
        stress = {} if label.virial is None else {"stress": label.virial / atoms.cell.volume}
        atoms.calc = SinglePointCalculator(atoms, energy=label.energy, forces=label.forces, **stress)
        given = {"energy": label.weights.energy, "forces": label.weights.forces, "stress": label.weights.stress}
        atoms.info |= {f"config_{name}_weight": weight for name, weight in given.items() if weight != 1}
        frames.append(atoms)
    frames[0].info["config"] = origin
    write_atomically(path, lambda temporary: write(temporary, frames, format="extxyz"))


def _weights(atoms: Atoms, name: str) -> Weights:
    found = {}
    for label, keys in WEIGHTS.items():
        found[label] = 1.0
        for key in keys:
            found[label] *= _weight(atoms.info.get(key, 1.0), key, name)
    return Weights(**found)


def _weight(value: Any, key: str, name: str) -> float:
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "iuf" or not np.isfinite(array).all() or (array < 0).any():
        raise BadLabels(f"{name} has the {key} {value!r}; expected one number, 0 or more. Repair it or remove it.")
    return float(array.reshape(()))


def _energies(frames: Sequence[Atoms], weights: Sequence[Weights], keys: Keys, where: str) -> list[float]:
    """Return the energies, NaN if a frame has none and may lack it. Raises BadLabels."""
    values = [per_frame(atoms, keys.energy) for atoms in frames]
    others = any(value is not None for value in values)
    found = []
    for index, (atoms, value) in enumerate(zip(frames, values, strict=True)):
        name = structure_label(index, where)
        if value is None and weights[index].energy > 0:
            named = other_family(atoms, keys, ENERGY, per_atoms=False)
            if named or not others or per_atom(atoms, keys.forces) is None:
                raise no_energy(frames, keys, index, where)
        array = np.asarray(np.nan if value is None else value)
        if array.size != 1 or array.dtype.kind not in "iuf":
            raise BadLabels(f"{name} has the energy {value!r}; expected one number in eV.")
        found.append(float(array.reshape(())))
    return found


def _forces(atoms: Atoms, structure: Structure, keys: Keys, name: str) -> np.ndarray | None:
    """Return forces [atom, 3], or None."""
    value = per_atom(atoms, keys.forces)
    if value is None:
        return np.zeros((1, 3)) if len(structure) == 1 else None
    forces = np.asarray(value)
    if forces.shape != (len(structure), 3) or forces.dtype.kind not in "iuf":
        raise BadLabels(f"{name} has forces of shape {forces.shape}; expected {(len(structure), 3)} numbers.")
    return forces.astype(np.float64)
