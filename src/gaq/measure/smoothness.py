"""Do energy and forces jump when a pair of atoms crosses the cutoff? A scan in steps so fine that a jump
stands out.

A molecule is met by a copy of itself that comes from beyond the cutoff: closed shells stay closed, and every
pair of elements crosses. A periodic box is shaken along a line instead, in which many of its pairs cross.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gaq.atoms.structure import Prediction, Structure
from gaq.engine.protocol import Engine, unwatched
from gaq.measure.ledger import Row, row
from gaq.measure.statistics import OnProgress, predict, silent
from gaq.measure.traces import Keep, Trace, Way, forget
from gaq.units import MEV

BEFORE, BEYOND = 1.0, 0.5  # Å on either side of a known cutoff; much closer, a network only extrapolates
NEAREST, FARTHEST = 2.0, 8.0  # Å, the range of a scan for an engine that does not tell its cutoff
SHAKE = 0.15  # Å, root mean square displacement of the atoms of a box at either end of its line
# A step function has fourth differences 1, −3, 3, −1 times its height.
FOURTH, TALLEST = (1.0, -4.0, 6.0, -4.0, 1.0), 3.0
LOOKS, FINER = 2, 20


@dataclass(frozen=True)
class Scan:
    """A way through configuration space: a structure for every t, and the range of t in Å."""

    at: Callable[[float], Structure]
    first: float
    last: float
    step: float


def cutoff_jumps(
    engine: Engine,
    structures: Sequence[Structure],
    step: float = 0.01,
    seed: int = 0,
    progress: OnProgress = silent,
    data: str = "",
    keep: Keep = forget,
) -> list[Row]:
    """Return the largest jump along a scan: cutoff_energy_jump (meV), cutoff_force_jump (meV/Å, per atom).

    The jump at point k is |Δ⁴E_k|/3, the fourth difference. Its largest value is looked at again in steps 20
    and 400 times finer: a jump stays, while a kink shrinks with the step and a smooth curve with its fourth
    power. Scans run from 1 Å before to 0.5 Å past the cutoff of the engine, from 2 to 8 Å when it does not tell one.
    `n` counts the points of the first pass.
    """
    rng, beyond = np.random.default_rng(seed), unwatched(engine)  # a molecule beside its copy is no training data
    energies, forces, points = [], [], 0
    for done, structure in enumerate(structures, start=1):
        scan = _scan(structure, engine.cutoff, step, rng)
        places = np.arange(scan.first, scan.last, scan.step)
        found = predict(beyond, [scan.at(t) for t in places])
        keep(_trace(structure, scan, places, found))
        energies.append(_closer(beyond, scan, places, found, _energy_jumps))
        forces.append(_closer(beyond, scan, places, found, _force_jumps))
        points += len(places)
        progress(done, len(structures))
    rows = [
        row(engine, data, "cutoff_energy_jump", np.max(energies) / MEV, "meV", points),
        row(engine, data, "cutoff_force_jump", np.max(forces) / MEV, "meV/Å", points),
    ]
    return [replace(entry, seed=seed) for entry in rows]


def _trace(structure: Structure, scan: Scan, places: np.ndarray, found: Sequence[Prediction]) -> Trace:
    energies = np.array([p.energy for p in found])
    if structure.periodic.any():
        return Trace(Way.SHAKE, places, energies, len(structure))
    halves = [np.split(scan.at(t).positions, 2) for t in places]
    apart = [np.linalg.norm(a[:, None] - b[None], axis=-1).min() for a, b in halves]
    return Trace(Way.MEETING, np.array(apart), energies, 2 * len(structure))


def _closer(
    engine: Engine,
    scan: Scan,
    places: np.ndarray,
    found: Sequence[Prediction],
    jumps_of: Callable[[Sequence[Prediction]], np.ndarray],
) -> float:
    """Return the largest jump, after two closer looks at where it is."""
    jumps = jumps_of(found)
    for _ in range(LOOKS):
        if not np.isfinite(jumps).all():
            return float("nan")
        window = int(np.argmax(jumps))
        places = np.linspace(places[window], places[window + 4], 4 * FINER + 1)
        jumps = jumps_of(predict(engine, [scan.at(t) for t in places]))
    return float(np.max(jumps))


def _energy_jumps(found: Sequence[Prediction]) -> np.ndarray:
    return np.abs(_fourth_differences(np.array([p.energy for p in found]))) / TALLEST


def _force_jumps(found: Sequence[Prediction]) -> np.ndarray:
    bends = _fourth_differences(np.array([p.forces for p in found]))
    return np.linalg.norm(bends, axis=-1).max(axis=-1) / TALLEST


def _scan(structure: Structure, cutoff: float | None, step: float, rng: np.random.Generator) -> Scan:
    if structure.periodic.any():
        line = rng.standard_normal(structure.positions.shape)
        line *= np.sqrt(len(structure)) / np.linalg.norm(line)
        return Scan(lambda t: structure.moved(structure.positions + t * line), -SHAKE, SHAKE, step / 5)
    start, end = (NEAREST, FARTHEST) if cutoff is None else (cutoff - BEFORE, cutoff + BEYOND)
    direction = rng.standard_normal(3)
    direction /= np.linalg.norm(direction)
    first, last = (_offset_at(structure.positions, direction, distance) for distance in (start, end))
    return Scan(lambda t: _with_copy(structure, t * direction), first, last, step)


def _with_copy(structure: Structure, offset: np.ndarray) -> Structure:
    return Structure.molecule(
        np.concatenate([structure.species, structure.species]),
        np.concatenate([structure.positions, structure.positions + offset]),
    )


def _offset_at(positions: np.ndarray, direction: np.ndarray, distance: float) -> float:
    """Return the largest shift t along `direction` at which the nearest atoms of molecule and copy are `distance`
    apart.

    Atom j of the copy is at distance d from atom i where |x_j − x_i + t u| = d; the largest root over all
    pairs.
    """
    apart = (positions[None, :, :] - positions[:, None, :]).reshape(-1, 3)
    along = apart @ direction
    across = np.sum(apart**2, axis=1) - along**2
    reach = distance**2 - across
    return float(np.max(np.sqrt(reach[reach >= 0]) - along[reach >= 0]))


def _fourth_differences(values: np.ndarray) -> np.ndarray:
    count = len(values) - 4
    return np.sum([weight * values[k : k + count] for k, weight in enumerate(FOURTH)], axis=0)
