"""Plausibility checks of the units of labels. They raise only if they are sure.

1. *Level.* An all-electron energy of H to Ne lies within 3 % of the sum of the free atoms' energies. If the
   median over the frames agrees with that sum in another unit than the file's, the file is in that other
   unit. Energies with another zero (pseudopotentials, xTB, atomization) agree in none and pass.
2. *Slope.* Between two similar frames, rotated onto each other, ΔE ≈ -½ (F₁ + F₂)·Δx, exact for a
   quadratic energy. If both sides correlate but differ tenfold, energies and forces are in different
   units; if they anticorrelate, the "forces" are gradients. (Smaller factors show while a network
   learns: unit_slopes.py.)
3. *Size.* Forces on atoms of real structures have a root mean square below some 3 eV/Å even at 2,000 K. A
   median above 15 eV/Å is kcal/mol/Å. A stress above 2 eV/Å³ is in GPa or kbar.

None of them detects that all labels of an unfamiliar method are in Hartree. Small forces are no evidence,
because relaxed structures have them too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gaq.atoms.structure import Labels, Structure
from gaq.errors import BadLabels
from gaq.units import GPA, HARTREE, KCAL_PER_MOL

# Exact non-relativistic energies of free atoms, Hartree: Chakravorty et al., Phys. Rev. A 47, 3649 (1993),
# table.
FREE_ATOM = {
    1: -0.5,
    2: -2.903724,
    3: -7.47806,
    4: -14.66736,
    5: -24.65391,
    6: -37.8450,
    7: -54.5892,
    8: -75.0673,
    9: -99.7339,
    10: -128.9376,
}
UNITS = {"eV": 1.0, "Hartree": HARTREE, "kcal/mol": KCAL_PER_MOL, "kJ/mol": KCAL_PER_MOL / 4.184}
LEVEL_MARGIN = 0.03
LARGEST_MEDIAN_FORCE = 15.0  # eV/Å
LARGEST_MEDIAN_STRESS = 2.0  # eV/Å³, 320 GPa
COMPARED_FRAMES = 150


def check_units(structures: Sequence[Structure], labels: Sequence[Labels], where: str, unit: str = "eV") -> None:
    """Refuse labels that are clearly in other units than those of the file's kind.

    Labels are given in eV and eV/Å, converted as if the file were in `unit` (a key of `UNITS`). Raises BadLabels.
    """
    given = [i for i, label in enumerate(labels) if np.isfinite(label.energy)]
    found = _unit_of_level([structures[i] for i in given], [labels[i] for i in given], UNITS[unit])
    if found is not None and found != unit:
        raise BadLabels(
            f"{where} has energies that fit {found}: the median lies within {LEVEL_MARGIN:.0%} of the sum "
            f"of its atoms' energies in that unit; {unit} was expected. Convert energies and forces to "
            f"{unit}."
        )
    known = [i for i, label in enumerate(labels) if np.isfinite(label.forces).all()]
    both = [i for i in known if np.isfinite(labels[i].energy)]
    _check_slope([structures[i] for i in both], [labels[i] for i in both], where)
    _check_size([labels[i] for i in known], where, unit)
    _check_stress(structures, labels, where)


def _unit_of_level(structures: Sequence[Structure], labels: Sequence[Labels], unit: float) -> str | None:
    ratios = []
    for i in _spread(len(structures), COMPARED_FRAMES):
        species = structures[i].species.tolist()
        if len(species) > 1 and all(z in FREE_ATOM for z in species):
            ratios.append(labels[i].energy / unit / sum(FREE_ATOM[z] for z in species))
    if not ratios:
        return None
    level = float(np.median(ratios))  # file units per Hartree
    for name, value in UNITS.items():
        if abs(level * value / HARTREE - 1) < LEVEL_MARGIN:
            return name
    return None


def _check_slope(structures: Sequence[Structure], labels: Sequence[Labels], where: str) -> None:
    comparison = energy_and_work(structures, labels)
    if comparison is None:
        return
    change, work = comparison
    correlation = float(change @ work / np.sqrt((change @ change) * (work @ work)))
    ratio = float(np.sqrt((change @ change) / (work @ work)))
    if correlation <= -0.7:
        raise BadLabels(
            f"{where} has forces that point uphill (energy changes and -F·Δx between frames: correlation "
            f"{correlation:.2f}). Forces are minus the gradient of the energy; change their sign."
        )
    # Frames of flexible molecules correlate loosely; with many of them that suffices for a factor of ten.
    enough = max(0.25, min(0.7, 3 / np.sqrt(min(len(structures), COMPARED_FRAMES))))
    if correlation >= enough and not 0.1 < ratio < 10:
        raise BadLabels(
            f"{where} has energies and forces in different units: between frames the energy changes "
            f"{ratio:.3g} times as much as the forces say (correlation {correlation:.2f}). Expected eV "
            f"with eV/Å; 1 kcal/mol is {KCAL_PER_MOL:.5f} eV, 1 Hartree is {HARTREE:.4f} eV, 1 "
            f"Hartree/Bohr is 51.42 eV/Å."
        )


def energy_and_work(structures: Sequence[Structure], labels: Sequence[Labels]) -> tuple[np.ndarray, np.ndarray] | None:
    """Return ΔE and -½ (F₁ + F₂)·Δx (eV) of the nearest pairs among frames of the first molecule; None for too few.

    The second frame of each pair is first rotated onto the other (Kabsch, Acta Cryst. A 32, 922 (1976)).
    """
    same = [i for i, s in enumerate(structures) if _comparable(s, structures[0])]
    same = [same[k] for k in _spread(len(same), COMPARED_FRAMES)]
    if len(same) < 8:
        return None
    x = np.stack([structures[i].positions - structures[i].positions.mean(axis=0) for i in same])
    f = np.stack([labels[i].forces for i in same])
    e = np.array([labels[i].energy for i in same])
    first, second = np.triu_indices(len(same), k=1)
    turn = _rotations_onto(x[second], x[first])
    step = x[second] @ turn - x[first]
    work = -0.5 * np.einsum("pai,pai->p", f[first] + f[second] @ turn, step)
    nearest = np.argsort(np.abs(step).max(axis=(1, 2)))[: max(20, len(first) // 10)]
    change = (e[second] - e[first])[nearest]
    work = work[nearest]
    if not (np.abs(change).max() > 1e-6 and np.abs(work).max() > 1e-6):
        return None
    return change, work


def _comparable(structure: Structure, other: Structure) -> bool:
    return len(structure) > 2 and not structure.periodic.any() and np.array_equal(structure.species, other.species)


def _rotations_onto(moved: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """Return matrices [pair, 3, 3] such that `moved @ matrix` is as close to `fixed` as a rotation allows."""
    u, _, vt = np.linalg.svd(np.einsum("pai,paj->pij", moved, fixed))
    u[:, :, 2] *= np.sign(np.linalg.det(u @ vt))[:, None]
    return u @ vt


def _check_size(labels: Sequence[Labels], where: str, unit: str) -> None:
    if not labels:
        return
    sample = [labels[i].forces for i in _spread(len(labels), 1000)]
    size = float(np.median([np.sqrt((f**2).mean()) for f in sample]))
    if size > LARGEST_MEDIAN_FORCE:
        raise BadLabels(
            f"{where} has forces of {size:.1f} eV/Å (median over frames of the root mean square), if they "
            f"are in {unit}/Å; real structures stay below {LARGEST_MEDIAN_FORCE:g}. Check the unit of the "
            f"forces: in kcal/mol/Å the same numbers would be {size * KCAL_PER_MOL / UNITS[unit]:.2f} eV/Å."
        )


def _check_stress(structures: Sequence[Structure], labels: Sequence[Labels], where: str) -> None:
    known = [(s, label.virial) for s, label in zip(structures, labels, strict=True) if label.virial is not None]
    if not known:
        return
    sizes = [np.sqrt((virial**2).mean()) / abs(np.linalg.det(structure.cell)) for structure, virial in known]
    size = float(np.median(sizes))
    if size > LARGEST_MEDIAN_STRESS:
        raise BadLabels(
            f"{where} has stresses of {size:.3g} eV/Å³ (median over frames of the root mean square), which is "
            f"{size / GPA:.3g} GPa; expected less than {LARGEST_MEDIAN_STRESS:g} eV/Å³. Check the unit: 1 GPa is "
            f"{GPA:.5f} eV/Å³, 1 kbar a tenth of it."
        )


def _spread(count: int, most: int) -> list[int]:
    """Return at most `most` indices, evenly over `count`."""
    return [int(i) for i in np.linspace(0, count - 1, min(count, most))] if count else []
