"""Atoms in motion, and how they move: what dynamics is told in, whoever makes the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from gaq.atoms.structure import Structure
from gaq.errors import Diverged
from gaq.units import ACCELERATION, BOLTZMANN

LANGEVIN, CSVR = "langevin", "csvr"
THERMOSTATS = (LANGEVIN, CSVR)

# The native engine builds its list of neighbours anew at steps that this number divides (GAQ_REBUILD_STEPS): a run
# that is taken up at such a step goes on bit for bit, however many atoms there are.
REBUILD_STEPS = 100


@dataclass(frozen=True, eq=False)
class MotionState:
    """Atoms in motion. Positions go on across the boundary of a box; they are not wrapped."""

    structure: Structure
    velocities: np.ndarray  # [atom, 3] Å/fs
    masses: np.ndarray  # [atom] amu
    energy: float  # eV, potential
    forces: np.ndarray  # [atom, 3] eV/Å
    step: int = 0
    heat: float = 0.0  # eV that a thermostat has given; total energy − heat is what a run conserves
    fixed: np.ndarray | None = None  # [atom] bool, atoms that do not move; None for none

    @property
    def inverse_masses(self) -> np.ndarray:
        """The acceleration [atom] in Å/fs² that 1 eV/Å gives; 0 for a fixed atom."""
        free = ACCELERATION / self.masses
        return free if self.fixed is None else np.where(self.fixed, 0.0, free)

    @property
    def is_fixed(self) -> np.ndarray:
        """Which atoms [atom] do not move."""
        return np.zeros(len(self.structure), dtype=bool) if self.fixed is None else self.fixed


@dataclass(frozen=True)
class Thermostat:
    """Langevin's friction and noise, or stochastic velocity rescaling."""

    kind: str  # of THERMOSTATS
    temperature: float  # K
    relaxation: float  # fs: 1/friction, or the time constant of the rescaling
    seed: int
    freedom: int  # degrees of freedom of the kinetic energy

    @property
    def thermal_energy(self) -> float:
        """k_B T in eV."""
        return BOLTZMANN * self.temperature


@dataclass(frozen=True)
class Dynamics:
    """Velocity Verlet with this time step; without a thermostat at constant energy."""

    dt: float  # fs
    thermostat: Thermostat | None = None


class Unstable(Diverged):
    """A step that could not be made; `last` is the state before it."""

    def __init__(self, model: str, dynamics: Dynamics, last: MotionState, why: str) -> None:
        step = last.step + 1
        reason = why.removeprefix(f"unstable at step {step}: ").rstrip(".")
        super().__init__(f"{model}, dt = {dynamics.dt} fs, step {step}: {reason}")
        self.last = last


@runtime_checkable
class Mover(Protocol):
    """An engine that makes steps itself, in compiled code."""

    def move(self, state: MotionState, dynamics: Dynamics, steps: int) -> MotionState:
        """Return the state after so many steps; raises `Unstable`."""
        ...
