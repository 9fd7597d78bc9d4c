"""Stress and virial labels: read in either convention, checked, and stored as dE/dε in eV.

`stress` is ASE's: σ = (1/V) dE/dε in eV/Å³, positive if the box tends to shrink; six numbers in the order xx, yy,
zz, yz, xz, xy (Voigt), nine, or 3 x 3. `virial` (or `virials`) is that of QUIP and MACE: −V σ in eV.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gaq.data.keys import Keys, per_frame
from gaq.errors import BadLabels

if TYPE_CHECKING:
    from ase import Atoms

ASYMMETRY = 0.01  # of the largest component; larger values mean a wrong order of numbers
DISAGREEMENT = 0.01  # of the largest component, between stress and virial of one frame


def virial_of(atoms: Atoms, keys: Keys, name: str) -> np.ndarray | None:
    """Return dE/dε [3, 3] of a frame in eV; None if it has no stress or is not periodic in three directions.

    Raises BadLabels: wrong shape, not finite, not symmetric, or a stress and a virial that contradict each other.
    """
    stress, virial = per_frame(atoms, keys.stress), per_frame(atoms, keys.virial)
    if (stress is None and virial is None) or not bool(np.all(atoms.pbc)):
        return None
    volume = float(atoms.cell.volume)
    found = []
    if stress is not None:
        found.append(volume * _symmetric(stress, f"{name} has the {keys.stress}", "eV/Å³"))
    if virial is not None:
        found.append(-_symmetric(virial, f"{name} has the {keys.virial}", "eV"))
    if len(found) == 2:
        _compare(found[0], found[1], keys, name)
    return found[0]


def has_unused_stress(atoms: Atoms, keys: Keys) -> bool:
    """Return whether a frame has a nonzero stress or virial but no volume."""
    given = [per_frame(atoms, key) for key in (keys.stress, keys.virial)]
    return not bool(np.all(atoms.pbc)) and any(value is not None and np.any(np.asarray(value)) for value in given)


def full_matrix(value: np.ndarray) -> np.ndarray | None:
    """Return 3 x 3 numbers from six (Voigt), nine or 3 x 3; None for any other shape."""
    if value.shape == (6,):
        xx, yy, zz, yz, xz, xy = value
        return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    return value.reshape(3, 3) if value.shape in ((9,), (3, 3)) else None


def _symmetric(value: Any, what: str, unit: str) -> np.ndarray:
    array = np.asarray(value)
    matrix = full_matrix(array.astype(np.float64)) if array.dtype.kind in "iuf" else None
    if matrix is None:
        raise BadLabels(
            f"{what} {value!r}; expected six numbers (xx, yy, zz, yz, xz, xy), nine, or 3 x 3, in {unit}. "
            f"Repair the entry or remove it."
        )
    if not np.isfinite(matrix).all():
        raise BadLabels(f"{what} {matrix.tolist()}, which is not finite; expected numbers in {unit}. Remove the entry.")
    if np.abs(matrix - matrix.T).max() > ASYMMETRY * np.abs(matrix).max():
        raise BadLabels(
            f"{what} {matrix.tolist()}, which is not symmetric; expected a symmetric 3 x 3 matrix in {unit}. "
            f"Check the order of the numbers."
        )
    return 0.5 * (matrix + matrix.T)


def _compare(stress: np.ndarray, virial: np.ndarray, keys: Keys, name: str) -> None:
    size = max(np.abs(stress).max(), np.abs(virial).max())
    if np.abs(stress - virial).max() <= DISAGREEMENT * size:
        return
    sign = " They agree but for the sign." if np.abs(stress + virial).max() <= DISAGREEMENT * size else ""
    raise BadLabels(
        f"{name} has a {keys.stress} and a {keys.virial} that contradict each other: expected {keys.virial} = "
        f"-{keys.stress} x volume, eV and eV/Å³.{sign} Correct one of them or remove it."
    )
