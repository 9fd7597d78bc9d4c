"""A calculator of ASE, named by a text, is an engine; what cannot be one is told why."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT

from gaq.atoms.from_ase import from_ase
from gaq.engine.ase import AseEngine
from gaq.errors import BadStructure, NotAvailable, UnsupportedElement, UsageError
from unit.measure.planted import ethanol


class Smeared(Calculator):
    """A calculator whose energy and free energy differ, and which counts how often it is asked."""

    implemented_properties = ("energy", "free_energy", "forces")

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.asked += 1
        self.results = {"energy": 1.0, "free_energy": 0.75, "forces": np.zeros((len(atoms), 3))}


def test_answers_are_those_of_the_calculator():
    atoms = molecule("CH3CH2OH")
    atoms.calc = EMT()
    (found,) = AseEngine(EMT()).evaluate([from_ase(atoms)])
    assert found.energy == atoms.get_potential_energy()
    assert (found.forces == atoms.get_forces()).all()


def test_the_energy_is_the_one_whose_slope_is_the_force():
    (found,) = AseEngine(Smeared()).evaluate([ethanol()])
    assert found.energy == 0.75


def test_every_structure_is_computed_afresh():
    engine = AseEngine(Smeared())
    engine.evaluate([ethanol(), ethanol()])
    assert engine.calculator.asked == 2


def test_boxes_stay_boxes():
    copper = from_ase(bulk("Cu", cubic=True))
    (inside,) = AseEngine(EMT()).evaluate([copper])
    assert np.abs(inside.forces).max() < 1e-9  # without images the corner atom would be pulled inwards


def test_a_text_names_a_calculator():
    engine = AseEngine.from_spec("ase.calculators.lj:LennardJones", '{"sigma": 2.0, "rc": 6.0}')
    assert engine.calculator.parameters["sigma"] == 2.0
    assert (engine.model, engine.name) == ("LennardJones", "ase")


def test_a_method_is_part_of_the_name():
    pytest.importorskip("tblite")
    engine = AseEngine.from_spec("tblite.ase:TBLite", '{"method": "GFN2-xTB", "verbosity": 0}')
    assert engine.model == "TBLite(GFN2-xTB)"
    (found,) = engine.evaluate([ethanol()])
    assert np.abs(found.forces.sum(axis=0)).max() < 1e-6


@pytest.mark.parametrize(
    ("spec", "arguments", "error", "text"),
    [
        ("tblite.ase", "{}", UsageError, "not of the form module:Class"),
        ("no_such_module:Thing", "{}", NotAvailable, "pip install no_such_module"),
        ("ase.calculators.emt:EMTT", "{}", UsageError, "no class 'EMTT'.*'EMT'"),
        ("ase.calculators.emt:EMT", "{broken", UsageError, "not JSON"),
        ("ase.calculators.emt:EMT", "[1]", UsageError, "is not a JSON object"),
        ("ase.calculators.abinit:Abinit", '{"directory": 3, "profile": 5}', UsageError, "could not be made"),
    ],
)
def test_a_text_that_names_none_is_told(spec, arguments, error, text):
    with pytest.raises(error, match=text):
        AseEngine.from_spec(spec, arguments)


def test_the_calculator_s_own_complaint_is_passed_on():
    uranium = from_ase(molecule("CO"))
    uranium = type(uranium).molecule([92, 92], uranium.positions)
    with pytest.raises(BadStructure, match="EMT could not evaluate structure 0 .*U2.*"):
        AseEngine(EMT()).evaluate([uranium])
    with pytest.raises(UnsupportedElement, match="EMT knows H, C"):
        AseEngine(EMT(), species=(1, 6)).evaluate([uranium])
