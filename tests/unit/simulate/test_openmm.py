"""OpenMM gets what ASE gets, to the round-off of its units, and makes our own steps."""

from __future__ import annotations

import numpy as np
import openmm
import pytest
from openmm import app

from gaq.atoms.structure import Structure
from gaq.engine.motion import Dynamics
from gaq.errors import BadStructure, UnsupportedElement
from gaq.simulate.integrate import advance, start
from gaq.simulate.openmm import create_system, force_of, species_of
from gaq.simulate.velocities import masses_of
from gaq.units import KJ_PER_MOL, NANOMETER, PICOSECOND
from tiny import molecule
from unit.simulate.hosted import ETHANOL, SYSTEMS, by_ase, differ, ethanol_at_rest, lower_box, system, tiny_engine

DT = 0.5  # fs


def context(system, structure: Structure, platform: str = "Reference"):
    made = openmm.Context(system, openmm.VerletIntegrator(DT / PICOSECOND), openmm.Platform.getPlatform(platform))
    made.setPositions(structure.positions / NANOMETER)
    return made


def said(made) -> tuple[float, np.ndarray]:
    """Energy (eV) and forces (eV/Å)."""
    state = made.getState(getEnergy=True, getForces=True)
    energy = state.getPotentialEnergy().value_in_unit(openmm.unit.kilojoule_per_mole)
    forces = state.getForces(asNumpy=True).value_in_unit(openmm.unit.kilojoule_per_mole / openmm.unit.nanometer)
    return energy * KJ_PER_MOL, forces * (KJ_PER_MOL / NANOMETER)


def box_of(structure: Structure):
    return structure.cell / NANOMETER if structure.periodic.any() else None


def topology_of(numbers, box=None) -> app.Topology:
    made = app.Topology()
    residue = made.addResidue("one", made.addChain())
    for number in numbers:
        made.addAtom("atom", app.Element.getByAtomicNumber(int(number)), residue)
    if box is not None:
        made.setPeriodicBoxVectors(box * openmm.unit.nanometer)
    return made


@pytest.mark.parametrize("platform", ["Reference", "CPU"])  # the latter hands over doubles too
@pytest.mark.parametrize("name", SYSTEMS)
def test_energy_and_forces_are_those_of_ase(name, platform):
    engine, structure = system(name)
    expected = by_ase(engine, structure)
    made = create_system(engine, structure.species, box=box_of(structure))
    energy, forces = said(context(made, structure, platform))
    assert energy == pytest.approx(expected.get_potential_energy(), rel=1e-14)
    assert differ(forces, expected.get_forces()) < 1e-13
    assert differ(1.0001 * forces, expected.get_forces()) > 1e-13  # the comparison can fail


def test_a_box_that_changes_is_followed():
    structure, engine = lower_box(), tiny_engine()
    made = context(create_system(engine, structure.species, box=box_of(structure)), structure)
    wider = Structure(structure.species, structure.positions, 1.05 * structure.cell, structure.periodic)
    before, _ = said(made)
    made.setPeriodicBoxVectors(*(wider.cell / NANOMETER))
    energy, _ = said(made)
    assert energy == pytest.approx(by_ase(engine, wider).get_potential_energy(), rel=1e-13)
    assert abs(energy - before) > 1e-3


def test_a_topology_brings_species_and_box():
    structure, engine = lower_box(), tiny_engine()
    topology = topology_of(structure.species, box_of(structure))
    system = create_system(engine, topology)
    assert system.usesPeriodicBoundaryConditions()
    energy, _ = said(context(system, structure))
    assert energy == pytest.approx(by_ase(engine, structure).get_potential_energy(), rel=1e-13)
    masses = [system.getParticleMass(k).value_in_unit(openmm.unit.dalton) for k in range(len(structure))]
    assert masses == pytest.approx(masses_of(structure))


def test_a_subset_of_the_particles():
    water, engine = molecule("H2O"), tiny_engine()
    system = openmm.System()
    for _ in range(5):
        system.addParticle(1.0)
    system.addForce(force_of(engine, [18, *water.species, 18], subset=[1, 2, 3]))
    positions = np.vstack([[9.0, 0, 0], water.positions, [-9.0, 0, 0]])
    energy, forces = said(context(system, Structure.molecule(np.zeros(5), positions)))
    expected = by_ase(engine, water)
    assert energy == pytest.approx(expected.get_potential_energy(), rel=1e-14)
    assert differ(forces[1:4], expected.get_forces()) < 1e-13
    assert (forces[[0, 4]] == 0).all()


def test_the_steps_are_those_of_our_own_integrator():
    """OpenMM's Verlet is leapfrog: with velocities half a step behind, positions are those of velocity Verlet."""
    structure = ethanol_at_rest()
    engine = by_ase(ETHANOL, structure).calc.engine
    state = start(engine, structure, 300.0, seed=1)
    half_before = state.velocities - 0.5 * DT * state.inverse_masses[:, None] * state.forces
    made = context(create_system(engine, structure.species), structure)
    made.setVelocities(half_before * (PICOSECOND / NANOMETER))
    made.getIntegrator().step(200)
    positions = made.getState(getPositions=True).getPositions(asNumpy=True)._value * NANOMETER
    ours = advance(engine, state, Dynamics(DT), 200).structure.positions
    assert np.abs(ours - structure.positions).max() > 0.1
    assert np.abs(positions - ours).max() < 1e-8


def test_a_system_is_written_and_read_with_its_model():
    structure = molecule("H2O")
    system = create_system(tiny_engine(), structure.species)
    again = openmm.XmlSerializer.deserialize(openmm.XmlSerializer.serialize(system))
    assert said(context(again, structure))[0] == said(context(system, structure))[0]


def test_an_element_that_the_model_does_not_know():
    with pytest.raises(UnsupportedElement, match="argon"):
        create_system(tiny_engine(), [8, 18])


def test_atoms_that_coincide_are_a_sentence_of_openmm():
    structure = molecule("H2O")
    structure.positions[1] = structure.positions[2]
    with pytest.raises(openmm.OpenMMException, match="closer than 0.2"):
        said(context(create_system(tiny_engine(), structure.species), structure))


@pytest.mark.parametrize("subset", [[], [0, 3], [-1], [1, 1]])
def test_a_subset_that_is_none(subset):
    with pytest.raises(BadStructure, match="0 to 2"):
        force_of(tiny_engine(), [8, 1, 1], subset=subset)


@pytest.mark.parametrize("atoms", [[], [[8, 1]], [0, 1]])
def test_species_that_are_none(atoms):
    with pytest.raises(BadStructure):
        species_of(atoms)


def test_a_topology_with_a_site_that_is_no_atom():
    topology = topology_of([8, 1, 1])
    topology.addAtom("M", None, next(topology.residues()))
    with pytest.raises(BadStructure, match="Dummy"):
        species_of(topology)


def test_a_topology_without_a_box_is_not_periodic():
    topology = app.Topology()
    chain = topology.addChain()
    residue = topology.addResidue("A", chain)
    for symbol in ("O", "H", "H"):
        topology.addAtom(symbol, app.Element.getBySymbol(symbol), residue)
    with pytest.raises(BadStructure, match="has no box, but periodic=True"):
        force_of(tiny_engine(), topology, periodic=True)
