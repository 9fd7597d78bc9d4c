"""Integrators in float64: velocity Verlet, Langevin (BAOAB) and stochastic velocity rescaling.

An engine that integrates itself is used; for all others the steps are made here, with the same operations in the same
order and the same bits (tests/parity/test_dynamics.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gaq.atoms.structure import Structure
from gaq.engine.motion import CSVR, LANGEVIN, Dynamics, MotionState, Mover, Unstable
from gaq.engine.protocol import Engine
from gaq.errors import BadStructure, NotFinite, UsageError
from gaq.simulate.log import NveLog, Record, as_log, recorded
from gaq.simulate.stability import is_unstable, reference
from gaq.simulate.thermostats import kinetic_energy_in_order, langevin, rescale
from gaq.simulate.velocities import degrees_of_freedom, masses_of, thermal_velocities


def start(
    engine: Engine,
    structure: Structure,
    temperature: float,
    seed: int = 0,
    velocities: np.ndarray | None = None,
    masses: np.ndarray | None = None,
    fixed: np.ndarray | None = None,
) -> MotionState:
    """Return a state with `velocities` [atom, 3] in Å/fs, or with velocities drawn at `temperature` in K.

    `masses` [atom] are in amu, the standard atomic masses by default. `fixed` atoms [atom] do not move.
    Drawn velocities have no overall motion, unless there are fixed atoms.
    Raises `UsageError`.
    """
    if not temperature >= 0:
        raise UsageError(f"temperature is {temperature} K; it cannot be negative")
    masses = masses_of(structure) if masses is None else masses
    fixed = fixed if fixed is not None and fixed.any() else None
    (prediction,) = engine.evaluate([structure])
    if velocities is None:
        velocities = thermal_velocities(structure, masses, temperature, np.random.default_rng(seed), fixed)
    elif fixed is not None:
        velocities = np.where(fixed[:, None], 0.0, velocities)
    return MotionState(structure, velocities, masses, prediction.energy, prediction.forces, fixed=fixed)


def advance(engine: Engine, state: MotionState, dynamics: Dynamics, steps: int) -> MotionState:
    """Return the state after so many steps. Raises `Unstable`, which holds the last good state."""
    if isinstance(engine, Mover):
        return engine.move(state, dynamics, steps)
    for _ in range(steps):
        state = make_step(engine, state, dynamics)
    return state


def make_step(engine: Engine, state: MotionState, dynamics: Dynamics) -> MotionState:
    """Return one step of velocity Verlet: v½ = v + a dt/2; x' = x + v½ dt; v' = v½ + a' dt/2.

    Symplectic and time-reversible. Swope et al., J. Chem. Phys. 76, 637 (1982). Langevin's friction and noise act in
    the middle of the drift (BAOAB), a rescaling at the end.
    """
    dt, heat_bath = dynamics.dt, dynamics.thermostat
    inverse = state.inverse_masses
    kick = (0.5 * dt * inverse)[:, None]
    decay = 1.0 if heat_bath is None else math.exp(-dt / heat_bath.relaxation)
    velocities, positions, heat = state.velocities + kick * state.forces, state.structure.positions, state.heat
    if heat_bath is not None and heat_bath.kind == LANGEVIN:
        positions = positions + 0.5 * dt * velocities
        given = langevin(heat_bath, decay, state.step, inverse, velocities)
        heat += kinetic_energy_in_order(inverse, given) - kinetic_energy_in_order(inverse, velocities)
        velocities = given
        positions = positions + 0.5 * dt * velocities
    else:
        positions = positions + dt * velocities
    structure = state.structure.moved(positions)
    energy, forces = _evaluated(engine, structure, state, dynamics)
    velocities = velocities + kick * forces
    if heat_bath is not None and heat_bath.kind == CSVR:
        given = rescale(heat_bath, decay, state.step, inverse, velocities)
        heat += kinetic_energy_in_order(inverse, given) - kinetic_energy_in_order(inverse, velocities)
        velocities = given
    if not (np.isfinite(energy) and np.isfinite(velocities).all()):
        raise Unstable(engine.model, dynamics, state, "energy or forces stopped being finite")
    return MotionState(structure, velocities, state.masses, energy, forces, state.step + 1, heat, state.fixed)


def run_nve(
    engine: Engine,
    structure: Structure,
    steps: int,
    dt: float = 0.5,
    temperature: float = 300.0,
    seed: int = 0,
    every: int = 1,
    each_record: Callable[[MotionState], None] | None = None,
) -> NveLog:
    """Run NVE dynamics of one structure; dt in fs, T in K, a record every `every` steps and at the start.

    Ends early at the first record with a broken molecule (`stability`) or a number that is not finite, and sets
    `unstable_at`; that is a result, not an error. `each_record` is called with the state.
    """
    check_run(steps, dt, every)
    state = start(engine, structure, temperature, seed)
    bonds, freedom, dynamics = reference(structure, temperature), degrees_of_freedom(structure), Dynamics(dt)
    records: list[Record] = []
    unstable = None

    def record() -> None:
        records.append(recorded(state, dt, freedom))
        if each_record is not None:
            each_record(state)

    record()
    while state.step < steps and unstable is None:
        try:
            state = advance(engine, state, dynamics, min(every, steps - state.step))
        except Unstable as broken:
            state, unstable = broken.last, broken.last.step + 1
            break
        record()
        if is_unstable(bonds, state.structure.positions, records[-1].temperature):
            unstable = state.step
    return as_log(records, engine.model, len(structure), dt, state.step, unstable)


def check_run(steps: int, dt: float, every: int) -> None:
    """Raise `UsageError` for invalid numbers."""
    if steps < 1 or every < 1 or not (dt > 0 and math.isfinite(dt)):
        raise UsageError(f"steps = {steps}, dt = {dt} fs and a record every {every} steps: all must be positive")


def _evaluated(
    engine: Engine, structure: Structure, before: MotionState, dynamics: Dynamics
) -> tuple[float, np.ndarray]:
    try:
        (prediction,) = engine.evaluate([structure])
    except (BadStructure, NotFinite) as error:  # atoms collided or flew off to infinity
        raise Unstable(engine.model, dynamics, before, str(error)) from error
    return prediction.energy, prediction.forces
