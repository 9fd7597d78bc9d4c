"""Is the force the slope of an energy? Work along paths, finite differences, and the asymmetry of the force
Jacobian.

Paths run through configuration space, the 3N coordinates taken as one vector; lengths along them are in Å. Displaced
atoms may leave the training data, of which the engine does not warn: the structures themselves are what users gave.
Definitions and the choice of every step: docs/physics.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gaq.atoms.structure import Structure
from gaq.engine.protocol import Engine, unwatched
from gaq.measure.ledger import Row, row
from gaq.measure.statistics import OnProgress, mean_by_frames, predict, silent
from gaq.units import MEV

SLOPE_STEP = 0.02  # Å, spacing of the five-point slope of the energy
JACOBIAN_STEP = 0.005  # Å, of the central difference of forces
SHARPER = 10  # times smaller is the step of a second try
UNSUSPICIOUS = 2e-4  # an asymmetry that needs none: that of the difference itself is 2–4·10⁻⁵ for smooth forces


def path_work(
    engine: Engine,
    structures: Sequence[Structure],
    loops: int = 2,
    points: int = 64,
    radius: float = 0.03,
    seed: int = 0,
    progress: OnProgress = silent,
    data: str = "",
) -> list[Row]:
    """|Work of the force once round a circle| per Å of it, in meV/Å: path_work (mean over loops) and
    path_work_max.

    x(θ) = x₀ + radius·√N (a cos θ + b sin θ) with random orthonormal a, b in R^{3N}: every atom moves by
    about `radius` Å. W = Σ_k F(x_k)·x'(θ_k) 2π/points; for a smooth force this sum converges exponentially.
    `n` counts loops.
    """
    rng = np.random.default_rng(seed)
    angles = 2 * np.pi * np.arange(points) / points
    circles, tangents = [], []
    for structure in (s for s in structures for _ in range(loops)):
        a, b = _plane(structure, rng)
        circles += [structure.moved(structure.positions + radius * (a * np.cos(t) + b * np.sin(t))) for t in angles]
        tangents.append([b * np.cos(t) - a * np.sin(t) for t in angles])
    found = iter(predict(unwatched(engine), circles, progress))
    # Work over length: the mean over θ of F·t, with t the unit tangent.
    per_length = [
        np.mean([np.sum(next(found).forces * t) / np.linalg.norm(t) for t in loop]) / MEV for loop in tangents
    ]
    return _path_rows(engine, data, "path_work", np.abs(per_length), loops, seed)


def open_path_work(
    engine: Engine,
    structures: Sequence[Structure],
    paths: int = 2,
    points: int = 16,
    radius: float = 0.03,
    seed: int = 0,
    progress: OnProgress = silent,
    data: str = "",
) -> list[Row]:
    """|ΔE + ∫F·dx| per Å of straight lines, in meV/Å: path_work_open (mean over paths) and
    path_work_open_max.

    The line runs from x₀ − radius·√N a to x₀ + radius·√N a; the integral is a Gauss-Legendre sum of `points`
    forces.
    """
    rng = np.random.default_rng(seed)
    nodes, weights = np.polynomial.legendre.leggauss(points)
    places, lines = [], []
    for structure in (s for s in structures for _ in range(paths)):
        a, _ = _plane(structure, rng)
        lines.append(radius * a)
        steps = [-1.0, *nodes, 1.0]
        places += [structure.moved(structure.positions + t * radius * a) for t in steps]
    found = predict(unwatched(engine), places, progress)
    per_length = []
    for number, half in enumerate(lines):
        first, *inner, last = found[number * (points + 2) : (number + 1) * (points + 2)]
        work = sum(w * np.sum(p.forces * half) for w, p in zip(weights, inner, strict=True))
        per_length.append((last.energy - first.energy + work) / (2 * np.linalg.norm(half)) / MEV)
    return _path_rows(engine, data, "path_work_open", np.abs(per_length), paths, seed)


def finite_difference(
    engine: Engine,
    structures: Sequence[Structure],
    components: int = 6,
    step: float = SLOPE_STEP,
    seed: int = 0,
    progress: OnProgress = silent,
    data: str = "",
) -> list[Row]:
    """F against −∂E/∂x for random coordinates: finite_difference (rms, meV/Å), _max, and _relative to the rms
    slope.

    Five-point slope [E(−2h) − 8E(−h) + 8E(h) − E(2h)]/12h, truncation error h⁴E⁽⁵⁾/30. Forces that are all
    zero give a relative error of 1. `n` counts coordinates.
    """
    rng = np.random.default_rng(seed)
    offsets, weights = np.array([-2, -1, 1, 2]) * step, np.array([1, -8, 8, -1]) / (12 * step)
    chosen = [(s, rng.integers(3 * len(s), size=components)) for s in structures]
    references = predict(engine, list(structures))
    places = [_shifted(s, int(k), o) for s, coordinates in chosen for k in coordinates for o in offsets]
    energies = np.array([p.energy for p in predict(unwatched(engine), places, progress)])
    # Differences from one of the four keep the digits of small changes of large energies.
    quads = energies.reshape(-1, 4)
    slopes = ((quads - quads[:, :1]) @ weights) / MEV
    forces = [p.forces.ravel()[ks] for p, (_, ks) in zip(references, chosen, strict=True)]
    errors = np.concatenate(forces) / MEV + slopes
    rms, size = _rms(errors), _rms(slopes)
    relative = rms / size if size > 0 else np.nan
    rows = [
        row(engine, data, "finite_difference", rms, "meV/Å", len(errors)),
        row(engine, data, "finite_difference_max", np.max(np.abs(errors)), "meV/Å", len(errors)),
        row(engine, data, "finite_difference_relative", relative, "1", len(errors)),
    ]
    return [replace(entry, seed=seed) for entry in rows]


def jacobian_asymmetry(
    engine: Engine,
    structures: Sequence[Structure],
    most_atoms: int = 24,
    step: float = JACOBIAN_STEP,
    seed: int = 0,
    progress: OnProgress = silent,
    data: str = "",
) -> list[Row]:
    """‖J − Jᵀ‖_F / 2‖J‖_F with J = ∂F/∂x by central differences, mean over structures; 0 for a conservative
    force.

    What is larger than 2·10⁻⁴ is tried again with a tenth of the step, and the smaller value counts: forces that bend
    within the step look asymmetric, and less so the smaller it is, while noise grows. In structures of more than
    `most_atoms` atoms, J is the block of that many random ones, which is symmetric as well. Bigi, Langer, Ceriotti,
    arXiv 2412.11569.
    """
    rng, displaced = np.random.default_rng(seed), unwatched(engine)
    values = []
    for done, structure in enumerate(structures, start=1):
        atoms = np.sort(rng.permutation(len(structure))[:most_atoms])
        coordinates = (3 * atoms[:, None] + np.arange(3)).ravel()
        found = _asymmetry(displaced, structure, coordinates, step)
        if found > UNSUSPICIOUS:
            found = min(found, _asymmetry(displaced, structure, coordinates, step / SHARPER))
        values.append(found)
        progress(done, len(structures))
    value, error = mean_by_frames(np.array(values), np.ones(len(values)))
    entry = row(engine, data, "jacobian_asymmetry", value, "1", len(values))
    return [replace(entry, std_error=error, seed=seed)]


def _asymmetry(engine: Engine, structure: Structure, coordinates: np.ndarray, step: float) -> float:
    places = [_shifted(structure, int(k), sign * step) for k in coordinates for sign in (1, -1)]
    forces = np.array([p.forces.ravel()[coordinates] for p in predict(engine, places)])
    jacobian = (forces[0::2] - forces[1::2]) / (2 * step)
    size = np.linalg.norm(jacobian)
    return float(np.linalg.norm(jacobian - jacobian.T) / (2 * size)) if size > 0 else np.nan


def _plane(structure: Structure, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two random orthogonal displacements [atom, 3] whose root mean square over the atoms is 1 Å."""
    first = rng.standard_normal(structure.positions.shape)
    first /= np.linalg.norm(first)
    second = rng.standard_normal(structure.positions.shape)
    second -= np.sum(first * second) * first
    second /= np.linalg.norm(second)
    return first * np.sqrt(len(structure)), second * np.sqrt(len(structure))


def _shifted(structure: Structure, coordinate: int, by: float) -> Structure:
    positions = structure.positions.copy()
    positions[coordinate // 3, coordinate % 3] += by
    return structure.moved(positions)


def _path_rows(engine: Engine, data: str, metric: str, values: np.ndarray, per_structure: int, seed: int) -> list[Row]:
    by_structure = values.reshape(-1, per_structure).sum(axis=1)
    mean, error = mean_by_frames(by_structure, np.full(len(by_structure), float(per_structure)))
    return [
        replace(row(engine, data, metric, mean, "meV/Å", len(values)), std_error=error, seed=seed),
        replace(row(engine, data, f"{metric}_max", np.max(values), "meV/Å", len(values)), seed=seed),
    ]


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))
