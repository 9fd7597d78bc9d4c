"""Summary of a data file: what to look at before training on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gaq.atoms.distances import closest_pairs, neighbor_lengths
from gaq.atoms.elements import SYMBOLS, formula
from gaq.atoms.structure import Labels, Structure
from gaq.data.labels import has_energy, has_forces, has_stress
from gaq.data.references import compositions, fit_compositions, is_isolated

CUTOFF = 5.0  # Å, the default of models
SAMPLED = 50  # frames in which neighbours are counted


@dataclass(frozen=True)
class GeometryFigures:
    """Figures of the structures."""

    frames: int
    atoms: tuple[int, int]  # fewest and most in a frame
    formulas: tuple[tuple[str, int], ...]  # with the number of frames, most frequent first
    elements: tuple[str, ...]
    shortest_distance: float  # Å
    shortest_frame: int
    neighbors: float  # mean per atom within CUTOFF
    periodic: int  # frames with at least one periodic direction
    duplicates: int  # frames equal to an earlier one to 1e-6 Å


@dataclass(frozen=True)
class EnergyFigures:
    """Figures of the labels. Spread is that of E minus the best sum of one energy per element."""

    mean: float  # eV
    std: float  # eV
    spread: float  # eV
    force_rms: float  # eV/Å, per component; NaN when no frame has forces
    force_max: float  # eV/Å, largest norm
    with_forces: int  # frames
    with_energy: int  # frames
    with_stress: int  # frames
    stress_rms: float  # eV/Å³, per component; NaN when no frame has a stress
    isolated: tuple[str, ...]  # elements with an isolated atom
    outliers: tuple[int, ...]  # frames whose energy does not fit a sum over elements


def describe_structures(structures: Sequence[Structure]) -> GeometryFigures:
    """Return counts and distances (Å); neighbours are counted in `SAMPLED` frames, evenly over the file."""
    sizes = [len(s) for s in structures]
    shortest = np.array([_shortest(s) for s in structures])
    sample = np.linspace(0, len(structures) - 1, min(len(structures), SAMPLED)).astype(int)
    pairs = sum(len(neighbor_lengths(structures[i], CUTOFF)[1]) for i in sample)
    distinct = {(s.species.tobytes(), np.round(s.positions, 6).tobytes()) for s in structures}
    formulas = Counter(formula(s.species.tolist()) for s in structures)
    species = sorted({int(z) for s in structures for z in s.species})
    return GeometryFigures(
        frames=len(structures),
        atoms=(min(sizes), max(sizes)),
        formulas=tuple(formulas.most_common()),
        elements=tuple(SYMBOLS[z] for z in species),
        shortest_distance=float(shortest.min()),
        shortest_frame=int(shortest.argmin()),
        neighbors=pairs / sum(sizes[i] for i in sample),
        periodic=sum(bool(s.periodic.any()) for s in structures),
        duplicates=len(structures) - len(distinct),
    )


def describe_labels(structures: Sequence[Structure], labels: Sequence[Labels]) -> EnergyFigures:
    """Return mean and spread of the energies, size of forces and stresses (eV, eV/Å, eV/Å³), and suspicious frames.

    Isolated atoms do not count for the figures of energies if there are other frames.
    """
    known = [i for i, label in enumerate(labels) if has_energy(label)]
    lone = [i for i in known if is_isolated(structures[i], CUTOFF)]
    bound = sorted(set(known) - set(lone)) or known
    energies = np.array([labels[i].energy for i in bound]) if bound else np.full(1, np.nan)
    species = sorted({int(z) for i in bound for z in structures[i].species})
    fit = fit_compositions(compositions([structures[i] for i in bound], species), energies) if bound else None
    forces = [label.forces for label in labels if has_forces(label)]
    components = np.concatenate(forces) if forces else np.full((1, 3), np.nan)
    stresses = [
        label.virial / abs(np.linalg.det(structure.cell))
        for structure, label in zip(structures, labels, strict=True)
        if has_stress(label) and label.virial is not None
    ]
    return EnergyFigures(
        mean=float(energies.mean()),
        std=float(energies.std()),
        spread=float(fit.residuals[~fit.outliers].std()) if fit is not None else float("nan"),
        force_rms=float(np.sqrt((components**2).mean())),
        force_max=float(np.linalg.norm(components, axis=1).max()),
        with_forces=len(forces),
        with_energy=len(known),
        with_stress=len(stresses),
        stress_rms=float(np.sqrt(np.mean(np.square(stresses)))) if stresses else float("nan"),
        isolated=tuple(sorted({SYMBOLS[int(structures[i].species[0])] for i in lone})),
        outliers=tuple(bound[k] for k in np.flatnonzero(fit.outliers)) if fit is not None else (),
    )


def _shortest(structure: Structure) -> float:
    """Return the shortest distance (Å), images included; infinite for one atom in open space."""
    if not structure.periodic.any():
        return float(closest_pairs(structure.positions[None])[0][0])
    lengths = neighbor_lengths(structure, 2.0)[1]
    return float(lengths.min()) if len(lengths) else float("inf")
