"""OpenMM-ML finds the model by name."""

from __future__ import annotations

import openmm
import openmmml
import pytest

from gaq.errors import UsageError
from gaq.simulate.openmm_ml import Factory
from unit.simulate.hosted import ETHANOL, by_ase, ethanol_at_rest
from unit.simulate.test_openmm import context, said, topology_of


def test_a_system_by_name_is_that_of_ase():
    structure = ethanol_at_rest()
    system = openmmml.MLPotential("gaq", modelPath=ETHANOL).createSystem(topology_of(structure.species))
    energy, _ = said(context(system, structure))
    assert energy == pytest.approx(by_ase(ETHANOL, structure).get_potential_energy(), rel=1e-14)


def test_a_part_of_a_larger_system():
    """An atom of argon beside ethanol, which the model does not know and which feels no force here."""
    structure = ethanol_at_rest()
    topology = topology_of([*structure.species, 18])
    rest = openmm.System()
    for _ in range(len(structure) + 1):
        rest.addParticle(10.0)
    potential = openmmml.MLPotential("gaq", modelPath=ETHANOL)
    mixed = potential.createMixedSystem(topology, rest, list(range(len(structure))))
    made = openmm.Context(mixed, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    made.setPositions([*(structure.positions / 10), [3.0, 0.0, 0.0]])
    energy, forces = said(made)
    assert energy == pytest.approx(by_ase(ETHANOL, structure).get_potential_energy(), rel=1e-14)
    assert (forces[-1] == 0).all()


def test_a_model_must_be_named():
    with pytest.raises(UsageError, match="modelPath"):
        Factory().createImpl("gaq")
