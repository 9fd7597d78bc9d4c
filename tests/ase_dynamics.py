"""A run at constant energy with ASE's own integrator, which ours is held against."""

from __future__ import annotations

from typing import Any

import numpy as np

from gaq.atoms.from_ase import from_ase
from gaq.engine.motion import MotionState
from gaq.errors import BadStructure
from gaq.simulate.integrate import check_run
from gaq.simulate.log import NveLog, Record, as_log, recorded
from gaq.simulate.stability import is_unstable, reference
from gaq.simulate.velocities import degrees_of_freedom, masses_of, thermal_velocities


def short_nve(
    calculator: Any,
    atoms: Any,
    steps: int,
    dt: float = 0.5,
    temperature: float = 300.0,
    seed: int = 0,
    every: int = 1,
) -> NveLog:
    """NVE dynamics of `atoms` (ase.Atoms, left as they are) with `calculator` by ASE's VelocityVerlet; dt in
    fs, T in K.

    Stops at the first record at which the molecule is no longer itself; the log says when.
    """
    from ase import units
    from ase.md.verlet import VelocityVerlet

    check_run(steps, dt, every)
    moving = atoms.copy()
    moving.calc = calculator
    structure = from_ase(moving)
    masses = masses_of(structure)
    moving.set_masses(masses)
    velocities = thermal_velocities(structure, masses, temperature, np.random.default_rng(seed))
    moving.set_velocities(velocities / units.fs)  # ASE counts time in Å √(amu/eV)
    dynamics = VelocityVerlet(moving, timestep=dt * units.fs)
    bonds, freedom = reference(structure, temperature), degrees_of_freedom(structure)
    records: list[Record] = [recorded(_state(moving, masses, 0, units.fs), dt, freedom)]
    done, unstable = 0, None
    while done < steps and unstable is None:
        block = min(every, steps - done)
        done += block
        try:
            dynamics.run(block)
            records.append(recorded(_state(moving, masses, done, units.fs), dt, freedom))
        except BadStructure:  # atoms flew into each other or off to infinity
            unstable = done
        else:
            unstable = done if is_unstable(bonds, moving.get_positions(), records[-1].temperature) else None
    return as_log(records, _name(calculator), len(moving), dt, done, unstable)


def _state(atoms: Any, masses: np.ndarray, step: int, fs: float) -> MotionState:
    return MotionState(
        from_ase(atoms),
        atoms.get_velocities() * fs,
        masses,
        float(atoms.get_potential_energy()),
        np.asarray(atoms.get_forces(), dtype=np.float64),
        step,
    )


def _name(calculator: Any) -> str:
    engine = getattr(calculator, "engine", None)
    return str(getattr(engine, "model", type(calculator).__name__))
