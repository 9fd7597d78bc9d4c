"""Effect of rounding along lines, trajectories and in dynamics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gaq.atoms.structure import Prediction, Structure
from gaq.engine.protocol import Engine
from gaq.measure.conservation import open_path_work, path_work
from gaq.measure.dynamics import drift
from gaq.measure.ledger import Row, row
from gaq.measure.rotations import haar_rotations
from gaq.simulate.integrate import MotionState, run_nve
from gaq.simulate.velocities import kinetic_temperature, masses_of
from gaq.units import BOLTZMANN, MEV

TIMESTEP, TEMPERATURE, SEED = 0.5, 300.0, 0  # fs, K
LAGS = 41  # steps over which force errors are correlated
PIECES = 8  # of a trajectory, for standard errors
WINDOW = 1.0  # ps; total energy scatters about a line in each
PS = 1e-3  # of a fs


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Positions and velocities at every step."""

    structures: tuple[Structure, ...]
    velocities: np.ndarray  # [step, atom, 3] Å/fs

    def first(self, steps: int) -> Trajectory:
        return Trajectory(self.structures[:steps], self.velocities[:steps])

    def temperature(self) -> float:
        first = self.structures[0]
        masses = masses_of(first)
        return float(np.mean([kinetic_temperature(first, masses, v) for v in self.velocities]))


@dataclass(frozen=True, eq=False)
class Line:
    """Energies and work along a line: Å, eV."""

    places: np.ndarray
    energy: np.ndarray
    ramp: np.ndarray  # −∫F·dx, shifted to the mean energy


def travelled(engine: Engine, structure: Structure, before: int, steps: int) -> Trajectory:
    """Return `steps` steps after equilibration."""
    structures, velocities = [], []

    def keep(state: MotionState) -> None:
        if state.step > before:
            structures.append(state.structure)
            velocities.append(state.velocities)

    run_nve(engine, structure, before + steps, TIMESTEP, TEMPERATURE, SEED, every=1, each_record=keep)
    return Trajectory(tuple(structures), np.array(velocities))


def step_length(trajectory: Trajectory) -> float:
    """Return the mean 3N-dimensional step, Å."""
    steps = np.diff([s.positions for s in trajectory.structures], axis=0)
    return float(np.mean(np.linalg.norm(steps, axis=(1, 2))))


def along(engine: Engine, structure: Structure, velocities: np.ndarray, length: float, points: int = 401) -> Line:
    """Evaluate a line along the velocity, `length` in Å."""
    unit = velocities / np.linalg.norm(velocities)
    places = np.linspace(-length / 2, length / 2, points)
    found = engine.evaluate([structure.moved(structure.positions + place * unit) for place in places])
    energy = np.array([p.energy for p in found])
    force = np.array([np.sum(p.forces * unit) for p in found])
    ramp = -np.concatenate([[0.0], np.cumsum((force[1:] + force[:-1]) / 2 * np.diff(places))])
    return Line(places, energy, ramp + np.mean(energy - ramp))


def line_row(engine: Engine, line: Line, data: str) -> Row:
    return row(engine, data, "line_noise", np.std(line.energy - line.ramp) / MEV, "meV", len(line.places))


def noise_rows(
    engine: Engine, found: Sequence[Prediction], true: Sequence[Prediction], trajectory: Trajectory, data: str
) -> list[Row]:
    """Compare predictions with `true` ones; studies/staircase defines the metrics."""
    energy = np.array([p.energy for p in true])
    error = np.array([p.energy for p in found]) - energy
    rough = np.sqrt(np.mean(np.diff(error, 2) ** 2)) / np.std(energy)
    rows = [
        row(engine, data, "energy_noise", np.std(error) / MEV, "meV", len(error)),
        row(engine, data, "energy_roughness", rough, "1", len(error)),
    ]
    return [*rows, *force_rows(engine, found, true, trajectory, data)]


def force_rows(
    engine: Engine, found: Sequence[Prediction], true: Sequence[Prediction], trajectory: Trajectory, data: str
) -> list[Row]:
    """Return effects of force errors; heating is B/(2 k_B T N) (Einstein's relation)."""
    error = np.array([p.forces for p in found]) - np.array([p.forces for p in true])
    count, atoms = error.shape[:2]
    moving = error - error.mean(axis=0)
    memory = np.mean(moving[1:] * moving[:-1]) / np.mean(moving**2)
    pieces = zip(np.array_split(moving, PIECES), np.array_split(trajectory.velocities, PIECES), strict=True)
    growth = np.array([variance_growth(force, velocity) for force, velocity in pieces])
    spread = np.std(growth, ddof=1) / np.sqrt(PIECES)
    walk, thermal = np.sqrt(max(growth.mean(), 0.0)), 2 * BOLTZMANN * trajectory.temperature() / MEV * atoms
    walk_row = row(engine, data, "energy_walk", walk, "meV/√ps", count)
    heating = row(engine, data, "heating", growth.mean() / thermal, "meV/atom/ps", count)
    return [
        row(engine, data, "force_noise", np.sqrt(np.mean(error**2)) / MEV, "meV/Å", error.size),
        row(engine, data, "noise_memory", memory, "1", count),
        replace(walk_row, std_error=spread / (2 * walk) if walk else None),
        replace(heating, std_error=spread / thermal),
    ]


def variance_growth(force: np.ndarray, velocity: np.ndarray) -> float:
    """Return B in meV²/ps from eV/Å and Å/fs, both [step, atom, 3]."""
    total = 0.0
    for lag in range(LAGS):
        steps = len(force) - lag
        together = np.mean(force[lag:] * force[:steps], axis=0) * np.mean(velocity[lag:] * velocity[:steps], axis=0)
        total += float(together.sum()) * (2 if lag else 1)
    return total * TIMESTEP / MEV**2 / PS


def path_rows(engine: Engine, structures: Sequence[Structure], data: str) -> list[Row]:
    return [*path_work(engine, structures, data=data), *open_path_work(engine, structures, data=data)]


def nve_rows(engine: Engine, structure: Structure, steps: int, every: int, data: str) -> list[Row]:
    """Run dynamics; return drift, energy_fluctuation and total_energy_walk.

    total_energy_walk: √(3 ⟨d²⟩/2t), d being differences of neighbouring means over t = 0.5 ps.
    """
    log = run_nve(engine, structure, steps, TIMESTEP, TEMPERATURE, SEED, every)
    rows = drift(log, engine.recipe, engine.name, data)
    by_window, by_half = (windows(log.total / MEV, t / (PS * TIMESTEP * every)) for t in (WINDOW, WINDOW / 2))
    if len(by_half) > 3:
        place = np.arange(by_window.shape[1])
        rest = [window - np.polyval(np.polyfit(place, window, 1), place) for window in by_window]
        squares = np.diff(by_half.mean(axis=1)) ** 2 * 3 / WINDOW
        walk = float(np.sqrt(squares.mean()))
        error = float(np.std(squares, ddof=1)) / math.sqrt(len(squares)) / (2 * walk)
        rows.append(row(engine, data, "energy_fluctuation", np.sqrt(np.mean(np.square(rest))), "meV", len(rest)))
        walked = row(engine, data, "total_energy_walk", walk, "meV/√ps", len(squares))
        rows.append(replace(walked, std_error=error))
    return [replace(entry, seed=SEED, atoms=log.atoms) for entry in rows]


def windows(values: np.ndarray, width: float) -> np.ndarray:
    """Split values into whole windows: [window, record]."""
    records = round(width)
    count = len(values) // records
    return values[: count * records].reshape(count, records)


def rotated_row(first: Engine, second: Engine, structures: Sequence[Structure], data: str) -> Row:
    """Return the share of identical energies on a rotated path; two engines, as some have memory."""
    rotation = haar_rotations(1, np.random.default_rng(SEED))[0]
    straight = first.evaluate(structures)
    turned = second.evaluate([s.rotated(rotation) for s in structures])
    same = [a.energy == b.energy for a, b in zip(straight, turned, strict=True)]
    return replace(row(first, data, "frames_identical", float(np.mean(same)), "share", len(same)), rotations=1)
