"""Buffers for dynamics as the C interface takes them: copies that its steps change, and that become a new state."""

from __future__ import annotations

import numpy as np

from gaq.atoms.structure import Structure
from gaq.engine import _library as c
from gaq.engine._frames import address
from gaq.engine.motion import CSVR, LANGEVIN, Dynamics, State

KINDS = {LANGEVIN: 1, CSVR: 2}


class Moving:
    """A state in buffers of its own."""

    def __init__(self, state: State) -> None:
        self._before = state
        structure = state.structure
        self._species = structure.species.astype(np.int32)
        self._cell = np.array(structure.cell, dtype=np.float64)
        self._positions, self._velocities, self._forces = (
            np.array(given, dtype=np.float64, order="C")
            for given in (structure.positions, state.velocities, state.forces)
        )
        self._energy = np.array([state.energy])
        self._inverse_masses = np.array(state.inverse_masses, dtype=np.float64)
        self._system = np.zeros(1, dtype=c.SYSTEM)
        self._system["atoms"] = len(structure)
        self._system["species"] = address(self._species)
        self._system["positions"] = address(self._positions)
        self._system["cell"] = address(self._cell)
        self._system["periodic"][0] = structure.periodic
        buffers = (self._inverse_masses, self._positions, self._velocities, self._forces, self._energy)
        self.motion = c.Motion(state.step, state.heat, *(int(address(b)) for b in buffers))
        self.system = int(address(self._system))

    def state(self) -> State:
        """What the buffers hold now."""
        structure = self._before.structure
        moved = Structure(structure.species, self._positions, structure.cell, structure.periodic)
        return State(
            moved,
            self._velocities,
            self._before.masses,
            float(self._energy[0]),
            self._forces,
            int(self.motion.step),
            float(self.motion.heat),
        )


def as_struct(dynamics: Dynamics) -> c.Dynamics:
    """`gaq_dynamics`."""
    heat_bath = dynamics.thermostat
    if heat_bath is None:
        return c.Dynamics(dynamics.dt, 0.0, 0.0, 0, 0, 0)
    return c.Dynamics(
        dynamics.dt,
        heat_bath.thermal_energy,
        heat_bath.relaxation,
        heat_bath.seed,
        KINDS[heat_bath.kind],
        heat_bath.freedom,
    )
