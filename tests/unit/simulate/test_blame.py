"""The cause of an unstable run is distinguished: units, time step, start, model."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk, molecule

from gaq.atoms.from_ase import from_ase
from gaq.atoms.structure import Prediction, Structure
from gaq.engine.motion import Dynamics
from gaq.errors import BadStructure
from gaq.simulate.blame import MODEL, START, TEMPERATURE, TIME_STEP, UNITS, blame, bohr_ratio, longest_step, remarks
from gaq.simulate.integrate import start
from gaq.units import ACCELERATION, BOHR
from unit.measure import planted


class Springs:
    """Each atom on a spring of its own, eV/Å²: the frequencies are known."""

    name = recipe = model = "springs"
    cutoff, species = None, frozenset()

    def __init__(self, structure: Structure, stiffness: float) -> None:
        self.rest, self.stiffness = structure.positions, stiffness

    def evaluate(self, structures):
        return [self._one(s.positions - self.rest) for s in structures]

    def _one(self, x):
        return Prediction(0.5 * self.stiffness * float(np.sum(x * x)), -self.stiffness * x)


class Refusing(planted.PairEngine):
    def evaluate(self, structures):
        raise BadStructure("no")


ETHANOL = from_ase(molecule("CH3CH2OH"))


def state_of(engine, structure, **more):
    return start(engine, structure, 0.0, **more)


def test_the_longest_step_is_that_of_the_fastest_spring():
    engine = Springs(ETHANOL, 30.0)
    expected = 2 / math.sqrt(30.0 / 1.008 * ACCELERATION)
    assert longest_step(engine, state_of(engine, ETHANOL)) == pytest.approx(expected, rel=5e-3)
    heavy = state_of(engine, ETHANOL, masses=np.full(9, 16.0))
    assert longest_step(engine, heavy) == pytest.approx(expected * 4 / math.sqrt(1.008), rel=5e-3)
    light_ones_fixed = state_of(engine, ETHANOL, fixed=ETHANOL.species == 1)
    # Carbon and oxygen are nearly as fast, so that this takes more rounds.
    assert longest_step(engine, light_ones_fixed) == pytest.approx(expected * math.sqrt(12.011 / 1.008), rel=3e-2)


def test_what_does_not_vibrate_has_none():
    flat = Springs(ETHANOL, 0.0)
    assert longest_step(flat, state_of(flat, ETHANOL)) is None
    assert longest_step(Refusing(), state_of(flat, ETHANOL)) is None


@pytest.mark.parametrize(
    ("dt", "cause"), [(50.0, TIME_STEP), (3.0, TIME_STEP), (-8.0, TIME_STEP), (0.5, MODEL), (0.0005, MODEL)]
)
def test_the_time_step(dt, cause):
    engine = Springs(ETHANOL, 30.0)
    assert blame(engine, Dynamics(dt), state_of(engine, ETHANOL), 300.0).cause == cause


def test_the_time_step_that_is_named_would_do():
    engine = Springs(ETHANOL, 30.0)
    named = float(
        blame(engine, Dynamics(50.0), state_of(engine, ETHANOL), 300.0).sentence.rpartition("Take ")[2].split()[0]
    )
    assert 0.2 <= named <= 1.0
    assert blame(engine, Dynamics(named), state_of(engine, ETHANOL), 300.0).cause == MODEL


def test_the_start():
    engine = Springs(ETHANOL, 30.0)
    pushed = ETHANOL.positions.copy()
    pushed[4] += 1.0
    found = blame(engine, Dynamics(0.5), state_of(engine, ETHANOL.moved(pushed)), 300.0)
    assert found.cause == START
    assert "atom 4" in found.sentence


def test_the_temperature():
    engine = Springs(ETHANOL, 30.0)
    assert blame(engine, Dynamics(0.5), state_of(engine, ETHANOL), 6000.0).cause == TEMPERATURE


def test_the_units():
    engine = Springs(ETHANOL, 30.0)
    in_bohr = ETHANOL.moved(ETHANOL.positions / BOHR)
    assert blame(engine, Dynamics(50.0), state_of(engine, in_bohr), 300.0).cause == UNITS


@pytest.mark.parametrize("name", ["H2O", "CH4", "C6H6", "CH3CH2OH", "C2H2", "SO2", "isobutane", "CH3Cl"])
def test_bohr_is_recognised_and_nothing_else(name):
    structure = from_ase(molecule(name))
    assert bohr_ratio(structure) is None
    assert bohr_ratio(structure.moved(structure.positions / BOHR)) is not None
    assert bohr_ratio(structure.moved(structure.positions * 4)) is None
    assert bohr_ratio(structure.moved(structure.positions * 1.2)) is None


def test_crystals_and_boxes_are_not_in_bohr():
    for atoms in (bulk("Cu", cubic=True), bulk("NaCl", "rocksalt", a=5.64, cubic=True), bulk("Si", cubic=True)):
        assert bohr_ratio(from_ase(atoms)) is None
    box = from_ase(molecule("CH3CH2OH", cell=[9, 9, 9], pbc=True))
    wider = replace(box, cell=box.cell / BOHR, positions=box.positions / BOHR)
    assert bohr_ratio(box) is None
    assert bohr_ratio(wider) is not None


def test_what_looks_wrong_is_told_before():
    assert remarks(ETHANOL, Dynamics(0.5)) == []
    (short,) = remarks(ETHANOL, Dynamics(0.0005))
    assert "Times are in fs" in short
    (units,) = remarks(ETHANOL.moved(ETHANOL.positions / BOHR), Dynamics(0.5))
    assert "Bohr" in units
