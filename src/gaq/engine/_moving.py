"""Buffers for dynamics in the C interface: copies that its steps change, and that become a new state."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gaq.atoms.checks import check_arrays
from gaq.atoms.structure import Structure
from gaq.engine import _library as c
from gaq.engine._frames import address
from gaq.engine.motion import CSVR, LANGEVIN, Dynamics, MotionState
from gaq.errors import UsageError

KINDS = {LANGEVIN: 1, CSVR: 2}


MOST_STEPS = 2**62


class Moving:
    """A copy of a state in buffers. Raises `BadStructure` and `UsageError` for states that C must not receive."""

    def __init__(self, state: MotionState) -> None:
        self._before = state
        structure = state.structure
        check_arrays(structure)
        atoms = len(structure)
        self._species = structure.species.astype(np.int32)
        self._cell = np.array(structure.cell, dtype=np.float64)
        self._positions = np.array(structure.positions, dtype=np.float64, order="C")
        self._velocities = _numbers("velocities", state.velocities, (atoms, 3))
        self._forces = _numbers("forces", state.forces, (atoms, 3))
        self._energy = _numbers("energy", state.energy, ()).reshape(1)
        if not (_numbers("masses", state.masses, (atoms,)) > 0).all():
            raise UsageError("the state has masses that are not positive; expected amu")
        self._inverse_masses = np.array(state.inverse_masses, dtype=np.float64)
        self._system = np.zeros(1, dtype=c.SYSTEM)
        self._system["atoms"] = len(structure)
        self._system["species"] = address(self._species)
        self._system["positions"] = address(self._positions)
        self._system["cell"] = address(self._cell)
        self._system["periodic"][0] = structure.periodic
        buffers = (self._inverse_masses, self._positions, self._velocities, self._forces, self._energy)
        step, heat = _count("step", state.step, MOST_STEPS), float(_numbers("heat", state.heat, ()))
        self.motion = c.CMotion(step, heat, *(int(address(b)) for b in buffers))
        self.system = int(address(self._system))

    def state(self) -> MotionState:
        """Return the current state of the buffers."""
        structure = self._before.structure
        moved = Structure(structure.species, self._positions, structure.cell, structure.periodic)
        return MotionState(
            moved,
            self._velocities,
            self._before.masses,
            float(self._energy[0]),
            self._forces,
            int(self.motion.step),
            float(self.motion.heat),
            self._before.fixed,
        )


def as_struct(dynamics: Dynamics) -> c.CDynamics:
    """`gaq_dynamics`. Raises `UsageError` for numbers outside their range."""
    dt = _number("dt", dynamics.dt)
    heat_bath = dynamics.thermostat
    if heat_bath is None:
        return c.CDynamics(dt, 0.0, 0.0, 0, 0, 0)
    if heat_bath.kind not in KINDS:
        raise UsageError(f"there is no thermostat {heat_bath.kind!r}; expected {' or '.join(KINDS)}")
    return c.CDynamics(
        dt,
        _number("thermal energy", heat_bath.thermal_energy),
        _number("relaxation", heat_bath.relaxation),
        _count("seed", heat_bath.seed, 2**64 - 1),
        KINDS[heat_bath.kind],
        _count("degrees of freedom", heat_bath.freedom, 2**31 - 1),
    )


def checked_steps(steps: int) -> int:
    """Return the number of steps. Raises `UsageError` unless it is a count."""
    return _count("steps", steps, MOST_STEPS)


def _numbers(name: str, given: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return a contiguous float64 copy, finite and of this shape. Raises `UsageError`."""
    try:
        found = np.array(given, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise UsageError(f"the state has {name} {str(given)[:60]!r}; expected {_wanted(shape)}") from error
    if found.shape != shape:
        raise UsageError(f"the state has {name} of shape {found.shape}; expected {_wanted(shape)}")
    wrong = np.argwhere(~np.isfinite(found))
    if len(wrong):
        where = f" at atom {wrong[0][0]}" if shape else ""
        raise UsageError(f"the state has {name} {found[tuple(wrong[0])]}{where}; expected finite numbers")
    return found


def _wanted(shape: tuple[int, ...]) -> str:
    return f"an array of shape {shape}" if shape else "a number"


def _number(name: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float | np.number) or not math.isfinite(given):
        raise UsageError(f"{name} is {given!r}; expected a finite number")
    return float(given)


def _count(name: str, given: Any, most: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or not 0 <= given <= most:
        raise UsageError(f"{name} is {given!r}; expected an integer from 0 to {most}")
    return int(given)
