"""Energies as a sum over the atoms of a composition, fitted robustly against outliers.

E_f ≈ Σ_Z n_fZ ε_Z. The fit is least squares over the frames that are not outliers. Outliers are more than `FAR`
robust standard deviations away from a fit of absolute values, which half of the frames determine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gaq.atoms.structure import Structure

FAR = 10.0  # robust standard deviations
NARROWEST = 0.02  # eV per √atoms; smaller deviations are never outliers
ITERATIONS = 30
SINGULAR = 1e-3  # of the largest singular value: smaller ones do not distinguish species


@dataclass(frozen=True, eq=False)
class CompositionFit:
    """Energies of the species, residuals and outliers."""

    energies: np.ndarray  # [species] eV
    residuals: np.ndarray  # [frame] eV
    outliers: np.ndarray  # [frame] bool


def compositions(structures: Sequence[Structure], species: Sequence[int]) -> np.ndarray:
    """Return the number of atoms of each species, [frame, species] float64."""
    return np.array([[np.count_nonzero(s.species == z) for z in species] for s in structures], dtype=np.float64)


def is_isolated(structure: Structure, cutoff: float) -> bool:
    """Return whether a structure is one atom without neighbours or images within `cutoff` (Å)."""
    if len(structure) != 1:
        return False
    if not structure.periodic.any():
        return True
    from gaq.atoms.neighbors import find_neighbors

    return len(find_neighbors(structure, cutoff).receiver) == 0


def fit_compositions(counts: np.ndarray, energies: np.ndarray, weights: np.ndarray | None = None) -> CompositionFit:
    """Fit energies [frame] (eV) by compositions [frame, species].

    The solution has the smallest norm if compositions do not distinguish species. `weights` [frame] weight the frames;
    a frame of weight 0 is classified and does not enter the fit.
    """
    weights = np.ones(len(energies)) if weights is None else weights
    root = np.sqrt(counts.sum(axis=1))
    outliers = _outliers(counts, energies, weights, root)
    kept = weights * ~outliers
    solution = _least_squares(counts, energies, kept)
    return CompositionFit(solution, energies - counts @ solution, outliers)


def shift_of_species(counts: np.ndarray, errors: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return energies [species] (eV) that, subtracted, leave errors [frame] (eV) with a mean of zero.

    One constant per atom and, if compositions differ, a correction per species by least squares among the shifts that
    keep the mean at zero. Outliers do not count. Shifting again changes nothing.
    """
    weights = np.ones(len(errors)) if weights is None else weights
    kept = weights * ~_outliers(counts, errors, weights, np.sqrt(counts.sum(axis=1)))
    atoms = counts.sum(axis=1)
    shift = np.full(counts.shape[1], (kept @ errors) / (kept @ atoms))
    free = np.linalg.svd((kept @ counts)[None])[2][1:].T  # shifts that keep the mean, [species, species − 1]
    scale = np.sqrt(kept / atoms)
    rows = (counts * scale[:, None]) @ free
    return np.asarray(shift + free @ np.linalg.lstsq(rows, (errors - counts @ shift) * scale, rcond=SINGULAR)[0])


def _outliers(counts: np.ndarray, energies: np.ndarray, weights: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Return the outliers among the frames, [frame] bool."""
    counted = weights > 0
    free = int(np.linalg.matrix_rank(counts[counted])) if counted.any() else 0
    if counted.sum() < 2 * free + 3:  # too few frames to identify outliers
        return np.zeros(len(energies), dtype=bool)
    pull = weights.copy()
    for _ in range(ITERATIONS):
        solution = _least_squares(counts, energies, pull)
        off = np.abs(energies - counts @ solution) / root
        pull = weights / np.maximum(off, 1e-6)
    # A fit of absolute values passes through as many frames as it has unknowns; these do not count for the width.
    wide = np.sort(off[counted])[free:]
    width = max(1.4826 * float(np.median(wide)), NARROWEST / FAR)
    return np.asarray(off > FAR * width)


def _least_squares(counts: np.ndarray, energies: np.ndarray, weights: np.ndarray) -> np.ndarray:
    scale = np.sqrt(weights)
    solution: np.ndarray = np.linalg.lstsq(counts * scale[:, None], energies * scale, rcond=None)[0]
    return solution
