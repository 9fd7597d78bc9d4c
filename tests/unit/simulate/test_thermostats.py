"""Thermostats keep the temperature they are told, with the spread that statistics demands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaq.atoms.structure import Prediction, Structure
from gaq.engine.motion import CSVR, LANGEVIN, Dynamics, MotionState, Thermostat
from gaq.simulate.integrate import advance, start
from gaq.simulate.start import freedom_of
from gaq.simulate.velocities import angular_momentum, kinetic_energy, kinetic_temperature
from gaq.units import BOLTZMANN
from unit.measure import planted

TEMPERATURE = 200.0


class Springs(planted.PairEngine):
    """Every atom on a spring of 5 eV/Å² at its place in ethanol: harmonic, so everything is known of it."""

    def one(self, structure: Structure) -> Prediction:
        off = structure.positions - planted.ethanol().positions
        return Prediction(2.5 * float(np.sum(off**2)), -5 * off)


def thermostated(kind: str, state: MotionState, relaxation: float = 20.0, seed: int = 1) -> Dynamics:
    freedom = freedom_of(state.structure, state.masses, state.velocities, kind)
    return Dynamics(1.0, Thermostat(kind, TEMPERATURE, relaxation, seed, freedom))


@pytest.mark.parametrize("kind", [LANGEVIN, CSVR])
def test_the_kinetic_energy_has_its_canonical_mean_and_spread(kind):
    """⟨E⟩ = f kT/2 and var E = f (kT)²/2; from three times the temperature, to which it must come down."""
    engine = planted.PairEngine()
    state = start(engine, planted.ethanol(), 600.0, seed=2)
    dynamics = thermostated(kind, state)
    bath = dynamics.thermostat
    assert bath is not None
    state = advance(engine, state, dynamics, 1000)
    energies = []
    for _ in range(1500):
        state = advance(engine, state, dynamics, 4)
        energies.append(kinetic_energy(state.masses, state.velocities))
    unit = BOLTZMANN * TEMPERATURE
    assert np.mean(energies) == pytest.approx(bath.freedom * unit / 2, rel=0.06)
    assert np.var(energies) == pytest.approx(bath.freedom * unit**2 / 2, rel=0.3)


def test_positions_have_the_spread_of_the_temperature():
    """Langevin on springs: ⟨x²⟩ = kT/k along every axis, the mean of all atoms apart, which noise does not move."""
    engine = Springs()
    state = start(engine, planted.ethanol(), TEMPERATURE, seed=2)
    dynamics = thermostated(LANGEVIN, state)
    squares = []
    for _ in range(3000):
        state = advance(engine, state, dynamics, 4)
        off = state.structure.positions - planted.ethanol().positions
        squares.append(np.sum((off - state.masses @ off / state.masses.sum()) ** 2))
    freedom = 3 * len(state.structure) - 3
    assert np.mean(squares) / freedom == pytest.approx(BOLTZMANN * TEMPERATURE / 5, rel=0.1)


@pytest.mark.parametrize("kind", [LANGEVIN, CSVR])
def test_energy_less_the_heat_that_came_in_is_kept(kind):
    engine = planted.PairEngine()
    state = start(engine, planted.ethanol(), TEMPERATURE, seed=2)
    dynamics = replace(thermostated(kind, state), dt=0.25)

    def conserved(s: MotionState) -> float:
        return s.energy + kinetic_energy(s.masses, s.velocities) - s.heat

    first, heats = conserved(state), []
    for _ in range(200):
        state = advance(engine, state, dynamics, 10)
        heats.append(state.heat)
        assert conserved(state) == pytest.approx(first, abs=5e-3)
    assert np.ptp(heats) > 0.1  # eV: what was left out would be seen


def test_the_centre_of_mass_stays_and_rescaling_does_not_turn():
    engine = planted.PairEngine()
    for kind in (LANGEVIN, CSVR):
        first = start(engine, planted.ethanol(), TEMPERATURE, seed=2)
        state = advance(engine, first, thermostated(kind, first), 300)
        assert np.abs(state.masses @ state.velocities).max() < 1e-12
        centres = [s.masses @ s.structure.positions / s.masses.sum() for s in (first, state)]
        assert np.abs(centres[1] - centres[0]).max() < 1e-12
        spin = np.abs(angular_momentum(state.structure, state.masses, state.velocities)).max()
        assert (spin < 1e-10) == (kind == CSVR)


def test_one_atom_and_a_cold_bath():
    engine = planted.PairEngine()
    atom = Structure.molecule([8], [[0, 0, 0]])
    state = start(engine, atom, TEMPERATURE)
    for kind in (LANGEVIN, CSVR):
        moved = advance(engine, state, thermostated(kind, state), 5)
        assert np.abs(moved.velocities).max() < 1e-15
    state = start(engine, planted.ethanol(), TEMPERATURE)
    cold = thermostated(LANGEVIN, state, relaxation=1.0)
    assert cold.thermostat is not None
    cold = replace(cold, thermostat=replace(cold.thermostat, temperature=0.0))
    frozen = advance(engine, state, cold, 1500)
    assert kinetic_temperature(frozen.structure, frozen.masses, frozen.velocities) < 1
