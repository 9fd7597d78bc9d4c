"""Dynamics at constant energy: velocity Verlet through any engine, in float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gaq.atoms.structure import Structure
from gaq.engine.protocol import Engine
from gaq.errors import BadStructure, Diverged, UsageError
from gaq.simulate.log import NveLog
from gaq.simulate.stability import is_unstable, reference
from gaq.simulate.velocities import (
    ACCELERATION,
    angular_momentum,
    kinetic_energy,
    kinetic_temperature,
    masses_of,
    thermal_velocities,
)


@dataclass(frozen=True, eq=False)
class State:
    """Atoms in motion. Positions go on across the boundary of a box; they are not wrapped."""

    structure: Structure
    velocities: np.ndarray  # [atom, 3] Å/fs
    masses: np.ndarray  # [atom] amu
    energy: float  # eV, potential
    forces: np.ndarray  # [atom, 3] eV/Å
    step: int = 0


def start(engine: Engine, structure: Structure, temperature: float, seed: int = 0) -> State:
    """A state at rest as a whole, with velocities drawn at `temperature` in K."""
    if not temperature >= 0:
        raise UsageError(f"temperature is {temperature} K; it cannot be negative")
    masses = masses_of(structure)
    velocities = thermal_velocities(structure, masses, temperature, np.random.default_rng(seed))
    (prediction,) = engine.evaluate([structure])
    return State(structure, velocities, masses, prediction.energy, prediction.forces)


def verlet_step(engine: Engine, state: State, dt: float) -> State:
    """One step of velocity Verlet: v½ = v + a dt/2; x' = x + v½ dt; v' = v½ + a' dt/2. dt in fs.

    Symplectic and time-reversible. Swope et al., J. Chem. Phys. 76, 637 (1982). Raises `Diverged` when a
    number stops being finite.
    """
    half_kick = 0.5 * dt * ACCELERATION / state.masses[:, None]
    halfway = state.velocities + half_kick * state.forces
    structure = state.structure.moved(state.structure.positions + dt * halfway)
    (prediction,) = engine.evaluate([structure])
    velocities = halfway + half_kick * prediction.forces
    if not (np.isfinite(prediction.energy) and np.isfinite(velocities).all()):
        raise Diverged(
            f"{engine.model}: energy or forces stopped being finite at step {state.step + 1}, dt = {dt} fs. "
            f"Take a smaller dt, a lower temperature, or check the model with `gaq check`"
        )
    return State(structure, velocities, state.masses, prediction.energy, prediction.forces, state.step + 1)


def run_nve(
    engine: Engine,
    structure: Structure,
    steps: int,
    dt: float = 0.5,
    temperature: float = 300.0,
    seed: int = 0,
    every: int = 1,
    each_record: Callable[[State], None] | None = None,
) -> NveLog:
    """NVE dynamics of one structure; dt in fs, T in K, a record `every` so many steps and at the start.

    Ends early at the first record at which the molecule is no longer itself (`stability`), or at a number
    that is not finite, and says so in `unstable_at`; that is a result, not an error. `each_record` is called
    with the state.
    """
    check_run(steps, dt, every)
    state = start(engine, structure, temperature, seed)
    bonds = reference(structure, temperature)
    recorder = Recorder(engine.model, dt)
    unstable = None
    recorder.record(state)
    _call(each_record, state)
    while state.step < steps and unstable is None:
        try:
            for _ in range(min(every, steps - state.step)):
                state = verlet_step(engine, state, dt)
        except (Diverged, BadStructure):  # atoms flew into each other or off to infinity
            unstable = state.step + 1
            break
        recorder.record(state)
        _call(each_record, state)
        if is_unstable(bonds, state.structure.positions, recorder.temperature[-1]):
            unstable = state.step
    return recorder.log(len(structure), state.step, unstable)


def check_run(steps: int, dt: float, every: int) -> None:
    """Raise `UsageError` for numbers no run can have."""
    if steps < 1 or every < 1 or not dt > 0:
        raise UsageError(f"steps = {steps}, dt = {dt} fs and a record every {every} steps: all must be positive")


def _call(listener: Callable[[State], None] | None, state: State) -> None:
    if listener is not None:
        listener(state)


class Recorder:
    """Collects what a log consists of."""

    def __init__(self, model: str, dt: float) -> None:
        self.model, self.dt = model, dt
        self.time: list[float] = []
        self.potential: list[float] = []
        self.kinetic: list[float] = []
        self.temperature: list[float] = []
        self.momentum: list[np.ndarray] = []
        self.angular: list[np.ndarray] = []

    def record(self, state: State) -> None:
        """Add the numbers of one state."""
        self.time.append(state.step * self.dt)
        self.potential.append(state.energy)
        self.kinetic.append(kinetic_energy(state.masses, state.velocities))
        self.temperature.append(kinetic_temperature(state.structure, state.masses, state.velocities))
        self.momentum.append(state.masses @ state.velocities)
        self.angular.append(angular_momentum(state.structure, state.masses, state.velocities))

    def log(self, atoms: int, steps: int, unstable_at: int | None) -> NveLog:
        """The log of all that was recorded."""
        return NveLog(
            model=self.model,
            atoms=atoms,
            dt=self.dt,
            time=np.array(self.time),
            potential=np.array(self.potential),
            kinetic=np.array(self.kinetic),
            temperature=np.array(self.temperature),
            momentum=np.array(self.momentum),
            angular_momentum=np.array(self.angular),
            steps=steps,
            unstable_at=unstable_at,
        )
