"""Thermal velocities have the temperature that was asked for, and no rigid motion."""

from __future__ import annotations

import numpy as np
import pytest
from ase import units

from gaq.atoms.structure import Structure
from gaq.simulate.velocities import (
    ACCELERATION,
    angular_momentum,
    degrees_of_freedom,
    kinetic_energy,
    kinetic_temperature,
    masses_of,
    thermal_velocities,
)
from unit.measure.planted import ethanol


def test_the_factor_of_acceleration_is_that_of_ase():
    assert pytest.approx(units.fs**2, rel=1e-6) == ACCELERATION  # ase: 1 Å √(amu/eV) = 1/units.fs fs


def test_velocities_are_at_rest_and_at_temperature(rng):
    molecule = ethanol()
    masses = masses_of(molecule)
    velocities = thermal_velocities(molecule, masses, 300.0, rng)
    assert np.abs(masses @ velocities).max() < 1e-14
    assert np.abs(angular_momentum(molecule, masses, velocities)).max() < 1e-13
    assert kinetic_temperature(molecule, masses, velocities) == pytest.approx(300.0)
    assert kinetic_energy(masses, velocities) == pytest.approx(0.5 * 21 * 300 * units.kB)


def test_every_atom_gets_its_share(rng):
    """Equipartition: before rigid motions are removed ½ m v² is the same for hydrogen and oxygen; after,
    nearly so.
    """
    box = Structure(np.array([1, 8] * 500), rng.uniform(0, 50, (1000, 3)), np.eye(3) * 50, np.ones(3, dtype=bool))
    masses = masses_of(box)
    velocities = thermal_velocities(box, masses, 500.0, rng)
    each = 0.5 * masses * np.sum(velocities**2, axis=1)
    assert each[0::2].mean() == pytest.approx(each[1::2].mean(), rel=0.15)


@pytest.mark.parametrize(
    ("positions", "freedom"),
    [
        ([[0, 0, 0]], 0),
        ([[0, 0, 0], [0, 0, 1.2]], 1),
        ([[0, 0, 0], [0, 0, 1.2], [0, 0, -1.2]], 4),
        ([[0, 0, 0], [0, 0, 1.2], [0, 1.0, 0]], 3),
    ],
)
def test_rigid_motions_are_not_counted(positions, freedom, rng):
    molecule = Structure.molecule([8] * len(positions), positions)
    assert degrees_of_freedom(molecule) == freedom
    velocities = thermal_velocities(molecule, masses_of(molecule), 300.0, rng)
    assert np.isfinite(velocities).all()
    assert kinetic_temperature(molecule, masses_of(molecule), velocities) == pytest.approx(300.0 if freedom else 0)
