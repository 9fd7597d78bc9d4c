"""Checks of reference values: are they finite, and are they there at all."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from gaq.atoms.checks import list_atoms, structure_label
from gaq.atoms.structure import Labels
from gaq.errors import BadLabels


def has_forces(labels: Labels) -> bool:
    """False for a frame read with `energies_only` that came without forces: they are NaN then."""
    return not bool(np.isnan(labels.forces).any())


def energy_only(energy: float, atoms: int) -> Labels:
    """An energy (eV) whose forces nobody knows, marked by NaN so that no average can take them for zeros."""
    return Labels(energy, np.full((atoms, 3), np.nan))


def check_finite_labels(labels: Sequence[Labels], where: str, without_forces: Collection[int] = ()) -> None:
    """Refuses energies and forces with NaN or infinity. Raises BadLabels for the first bad frame.

    `without_forces` are the frames whose forces nobody claims to know.
    """
    for index, label in enumerate(labels):
        name = structure_label(index, where)
        if not np.isfinite(label.energy):
            raise BadLabels(f"{name} has the energy {label.energy}; expected a finite number. Remove the frame.")
        if index in without_forces:
            continue
        broken = np.flatnonzero(~np.isfinite(label.forces).all(axis=1))
        if len(broken):
            raise BadLabels(
                f"{name} has forces that are not finite at {list_atoms(broken)}; expected numbers. Remove the frame."
            )
