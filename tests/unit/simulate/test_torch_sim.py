"""torch-sim gets what ASE gets, to the last bit, and makes our own steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch_sim
from ase.calculators.emt import EMT

from gaq.engine.ase import AseEngine
from gaq.engine.motion import Dynamics
from gaq.errors import UnsupportedElement
from gaq.simulate.integrate import advance, start
from gaq.simulate.torch_sim import model_of
from gaq.units import ACCELERATION
from tiny import molecule, molecules
from unit.simulate.hosted import ETHANOL, SYSTEMS, by_ase, differ, ethanol_at_rest, system, tiny_engine

DT = 0.5  # fs


def state_of(*atoms):
    return torch_sim.initialize_state(list(atoms), torch.device("cpu"), torch.float64)


@pytest.mark.parametrize("name", SYSTEMS)
def test_energy_forces_and_stress_are_those_of_ase(name):
    engine, structure = system(name)
    expected = by_ase(engine, structure)
    found = model_of(engine)(state_of(expected))
    assert found["energy"].tolist() == [expected.get_potential_energy()]
    assert (found["forces"].numpy() == expected.get_forces()).all()
    assert differ(1.0001 * found["forces"].numpy(), expected.get_forces()) > 1e-5  # the comparison can fail
    if structure.periodic.any():
        assert differ(found["stress"][0].numpy(), expected.get_stress(voigt=False)) < 1e-14
    else:
        assert (found["stress"] == 0).all()


def test_systems_of_different_sizes_at_once():
    engine = tiny_engine()
    alone = [by_ase(engine, structure) for structure in molecules()]
    found = model_of(engine)(state_of(*alone))
    assert found["energy"].tolist() == [atoms.get_potential_energy() for atoms in alone]
    assert (found["forces"].numpy() == np.concatenate([atoms.get_forces() for atoms in alone])).all()
    assert found["stress"].shape == (5, 3, 3)


def test_torch_sims_own_idea_of_a_state_without_indices():
    atoms = by_ase(tiny_engine(), molecule("H2O"))
    whole = state_of(atoms)
    names = ("positions", "cell", "atomic_numbers", "pbc")
    found = model_of(tiny_engine())({name: getattr(whole, name) for name in names} | {"system_idx": None})
    assert found["energy"].tolist() == [atoms.get_potential_energy()]


def test_the_steps_are_those_of_our_own_integrator():
    structure = ethanol_at_rest()
    atoms = by_ase(ETHANOL, structure)
    state = start(atoms.calc.engine, structure, 300.0, seed=1)
    model = model_of(atoms.calc.engine)
    masses = torch.as_tensor(state.masses)
    # torch-sim counts time in √(amu Å²/eV), as ASE does.
    unit = ACCELERATION**-0.5
    dt = torch.tensor(DT / unit, dtype=torch.float64)
    begin, step = torch_sim.nve(model, dt=dt, kT=torch.tensor(0.0))
    moving = begin(state_of(atoms))
    moving.masses = masses
    moving.momenta = masses[:, None] * torch.as_tensor(state.velocities * unit)
    for _ in range(200):
        moving = step(moving)
    ours = advance(atoms.calc.engine, state, Dynamics(DT), 200).structure.positions
    assert np.abs(ours - structure.positions).max() > 0.1
    assert np.abs(moving.positions.numpy() - ours).max() < 1e-8


def test_an_engine_without_virials_gives_no_stress():
    model = model_of(AseEngine(EMT()))
    assert not model.compute_stress
    assert set(model(state_of(by_ase(tiny_engine(), molecule("H2O"))))) == {"energy", "forces"}


def test_an_element_that_the_model_does_not_know():
    with pytest.raises(UnsupportedElement, match="nitrogen"):
        model_of(ETHANOL)(state_of(by_ase(tiny_engine(), molecule("CH3NO2"))))
