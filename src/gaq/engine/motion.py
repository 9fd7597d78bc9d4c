"""Atoms in motion and the dynamics that moves them, for all integrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from gaq.atoms.structure import Structure
from gaq.errors import Diverged
from gaq.units import ACCELERATION, BOLTZMANN

LANGEVIN, CSVR = "langevin", "csvr"
THERMOSTATS = (LANGEVIN, CSVR)

# The native engine rebuilds its neighbour list at multiples of this step number (GAQ_REBUILD_STEPS): a run resumed at
# such a step continues bit for bit, for any number of atoms.
REBUILD_STEPS = 100


@dataclass(frozen=True, eq=False)
class MotionState:
    """Atoms in motion. Positions are not wrapped into the box."""

    structure: Structure
    velocities: np.ndarray  # [atom, 3] Å/fs
    masses: np.ndarray  # [atom] amu
    energy: float  # eV, potential
    forces: np.ndarray  # [atom, 3] eV/Å
    step: int = 0
    heat: float = 0.0  # eV from a thermostat; a run conserves total energy − heat
    fixed: np.ndarray | None = None  # [atom] bool, atoms that do not move; None if all move

    @property
    def inverse_masses(self) -> np.ndarray:
        """Return the acceleration [atom] in Å/fs² per eV/Å; 0 for a fixed atom."""
        free = ACCELERATION / self.masses
        return free if self.fixed is None else np.where(self.fixed, 0.0, free)

    @property
    def is_fixed(self) -> np.ndarray:
        """Return which atoms [atom] do not move."""
        return np.zeros(len(self.structure), dtype=bool) if self.fixed is None else self.fixed


@dataclass(frozen=True)
class Thermostat:
    """A Langevin thermostat or stochastic velocity rescaling."""

    kind: str  # of THERMOSTATS
    temperature: float  # K
    relaxation: float  # fs: 1/friction, or the time constant of the rescaling
    seed: int
    freedom: int  # degrees of freedom of the kinetic energy

    @property
    def thermal_energy(self) -> float:
        """Return k_B T in eV."""
        return BOLTZMANN * self.temperature


@dataclass(frozen=True)
class Dynamics:
    """Velocity Verlet with this time step; without a thermostat at constant energy."""

    dt: float  # fs
    thermostat: Thermostat | None = None


class Unstable(Diverged):
    """A step failed; `last` is the state before it."""

    def __init__(self, model: str, dynamics: Dynamics, last: MotionState, why: str) -> None:
        step = last.step + 1
        reason = why.removeprefix(f"unstable at step {step}: ").rstrip(".")
        super().__init__(f"{model}, dt = {dynamics.dt} fs, step {step}: {reason}")
        self.last = last


@runtime_checkable
class Mover(Protocol):
    """An engine that integrates in compiled code."""

    def move(self, state: MotionState, dynamics: Dynamics, steps: int) -> MotionState:
        """Return the state after so many steps. Raises `Unstable`."""
        ...
