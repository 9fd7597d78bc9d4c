"""Checks of reference values: which are known and have a weight, and whether they are finite."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from gaq.atoms.checks import list_atoms, structure_label
from gaq.atoms.structure import Labels
from gaq.errors import BadLabels


def has_energy(labels: Labels) -> bool:
    """Return whether the energy is known and has a weight."""
    return bool(np.isfinite(labels.energy)) and labels.weights.energy > 0


def has_forces(labels: Labels) -> bool:
    """Return whether the forces are known (not NaN) and have a weight."""
    return not bool(np.isnan(labels.forces).any()) and labels.weights.forces > 0


def has_stress(labels: Labels) -> bool:
    """Return whether the virial is known and has a weight."""
    return labels.virial is not None and labels.weights.stress > 0


def energy_only(energy: float, atoms: int) -> Labels:
    """Return an energy (eV) with unknown forces: NaN, so that no average can take them for zeros."""
    return Labels(energy, np.full((atoms, 3), np.nan))


def check_finite_labels(
    labels: Sequence[Labels],
    where: str,
    without_forces: Collection[int] = (),
    without_energy: Collection[int] = (),
) -> None:
    """Refuse energies and forces with NaN or infinity. Raises BadLabels for the first bad frame.

    `without_forces` and `without_energy` are the frames that lack these in the file.
    """
    for index, label in enumerate(labels):
        name = structure_label(index, where)
        if index not in without_energy and not np.isfinite(label.energy):
            raise BadLabels(f"{name} has the energy {label.energy}; expected a finite number. Remove the frame.")
        if index in without_forces:
            continue
        broken = np.flatnonzero(~np.isfinite(label.forces).all(axis=1))
        if len(broken):
            raise BadLabels(
                f"{name} has forces that are not finite at {list_atoms(broken)}; expected numbers. Remove the frame."
            )


def label_counts(labels: Sequence[Labels]) -> list[str]:
    """Return messages about labels that only some frames have, and about weights other than 1."""
    lines = []
    for name, known in (("an energy", has_energy), ("forces", has_forces), ("a stress", has_stress)):
        count = sum(known(label) for label in labels)
        if count < len(labels) and not (count == 0 and name == "a stress"):
            lines.append(f"{count} of {len(labels)} frames have {name} that counts")
        elif name == "a stress" and count:
            lines.append(f"all {count} frames have a stress")
    for name in ("energy", "forces", "stress"):
        weights = [getattr(label.weights, name) for label in labels]
        if (
            weights
            and (min(weights), max(weights)) != (1.0, 1.0)
            and (name != "stress" or any(map(has_stress, labels)))
        ):
            shown = f"{min(weights):g}" if min(weights) == max(weights) else f"{min(weights):g} to {max(weights):g}"
            lines.append(f"weight of {name} {shown} (config_weight and config_{name}_weight)")
    return lines
