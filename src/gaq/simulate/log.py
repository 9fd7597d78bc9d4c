"""Records of a run: energies, temperature and momenta."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from gaq.engine.motion import MotionState
from gaq.simulate.velocities import angular_momentum, kinetic_energy, kinetic_temperature


@dataclass(frozen=True)
class Record:
    """One recorded step. eV, K; momentum in amu Å/fs, angular momentum in amu Å²/fs about the centre of mass."""

    step: int
    time: float  # fs
    potential: float
    kinetic: float
    heat: float  # from a thermostat so far
    temperature: float
    momentum: tuple[float, float, float]
    angular_momentum: tuple[float, float, float]


def recorded(state: MotionState, dt: float, freedom: int | None = None) -> Record:
    """Return the record of a state; `freedom` counts the degrees of freedom of its kinetic energy, without rigid
    motions.
    """
    px, py, pz = (state.masses @ state.velocities).tolist()
    lx, ly, lz = angular_momentum(state.structure, state.masses, state.velocities).tolist()
    return Record(
        state.step,
        state.step * dt,
        state.energy,
        kinetic_energy(state.masses, state.velocities),
        state.heat,
        kinetic_temperature(state.structure, state.masses, state.velocities, freedom),
        (px, py, pz),
        (lx, ly, lz),
    )


@dataclass(frozen=True, eq=False)
class NveLog:
    """Records of a run as arrays. eV, fs, K; momenta in amu Å/fs, angular momenta in amu Å²/fs about the centre of
    mass.
    """

    model: str
    atoms: int
    dt: float  # fs
    time: np.ndarray  # [record] fs
    potential: np.ndarray  # [record] eV
    kinetic: np.ndarray  # [record] eV
    temperature: np.ndarray  # [record] K
    momentum: np.ndarray  # [record, 3]
    angular_momentum: np.ndarray  # [record, 3]
    steps: int  # completed steps
    unstable_at: int | None  # first recorded step with a broken bond or too high temperature, or None
    heat: np.ndarray | None = None  # [record] eV, with a thermostat

    @property
    def total(self) -> np.ndarray:
        """Return the conserved quantity [record] in eV: total energy minus the heat of a thermostat."""
        energy = self.potential + self.kinetic
        return energy if self.heat is None else energy - self.heat


def as_log(records: Iterable[Record], model: str, atoms: int, dt: float, steps: int, unstable_at: int | None) -> NveLog:
    """Return the records as one log."""
    held = list(records)
    columns = {f.name: np.array([getattr(r, f.name) for r in held]) for f in fields(Record) if f.name != "step"}
    heat = columns.pop("heat")
    return NveLog(
        model=model,
        atoms=atoms,
        dt=dt,
        steps=steps,
        unstable_at=unstable_at,
        heat=heat if heat.any() else None,
        **columns,
    )
