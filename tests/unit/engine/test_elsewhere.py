"""A calculator in another interpreter answers as it does here, and each way of failing is told."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from gaq.engine.ase import AseEngine
from gaq.errors import BadStructure, GaqError, NotAvailable, UsageError
from unit.measure.planted import ethanol

EMT = "ase.calculators.emt:EMT"
CALCULATORS = """
import os
import sys
from ase.calculators.emt import EMT
from beside import FACTOR

print("a greeting on stdout")

def make(factor=FACTOR):
    return Scaled(factor)

class Scaled(EMT):
    def __init__(self, factor=2.0):
        super().__init__()
        self.factor = factor
    def calculate(self, *arguments, **options):
        print("a line for each answer")
        super().calculate(*arguments, **options)
        self.results["forces"] = self.factor * self.results["forces"]

class Dies(EMT):
    def calculate(self, *arguments, **options):
        sys.stderr.write("out of ideas")
        sys.stderr.flush()
        os._exit(7)

class Leaves(EMT):
    def calculate(self, *arguments, **options):
        sys.exit("I leave")

class Killed(EMT):
    def calculate(self, *arguments, **options):
        os.kill(os.getpid(), 9)

class Refuses(EMT):
    def calculate(self, *arguments, **options):
        raise ValueError("not this one")

class NoGradient(EMT):
    def calculate(self, *arguments, **options):
        raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")

class Short(EMT):
    def calculate(self, *arguments, **options):
        super().calculate(*arguments, **options)
        self.results["forces"] = self.results["forces"][1:]

def nothing():
    return None

def broken():
    raise KeyError("no weights")
"""


@pytest.fixture
def calculators(tmp_path: Path) -> str:
    (tmp_path / "my_calculators.py").write_text(CALCULATORS)
    (tmp_path / "beside.py").write_text("FACTOR = 3.0\n")
    return f"{tmp_path / 'my_calculators.py'}"


def engine(spec: str, arguments: str = "{}", python: str = sys.executable) -> AseEngine:
    return AseEngine.from_spec(spec, arguments, python=python, threads=1)


def test_answers_are_those_of_the_calculator_to_the_last_bit():
    here, there = AseEngine.from_spec(EMT), engine(EMT)
    structures = [ethanol(), ethanol().moved(ethanol().positions * 1.01)]
    for one, other in zip(here.evaluate(structures), there.evaluate(structures), strict=True):
        assert one.energy == other.energy
        np.testing.assert_array_equal(one.forces, other.forces)
    assert (there.name, there.model) == ("ase", "EMT")
    there.calculator.close()


def test_a_file_is_a_module_with_neighbours_and_may_print(calculators, capfd):
    (plain,) = AseEngine.from_spec(EMT).evaluate([ethanol()])
    scaled = engine(f"{calculators}:make")
    (found,) = scaled.evaluate([ethanol()])
    np.testing.assert_allclose(found.forces, 3 * plain.forces, rtol=1e-12)
    assert scaled.model == "my_calculators:make"
    (other,) = engine(f"{calculators}:Scaled", '{"factor": 5.0}').evaluate([ethanol()])
    np.testing.assert_allclose(other.forces, 5 * plain.forces, rtol=1e-12)
    assert "a line" not in capfd.readouterr().out


def test_it_goes_on_after_a_structure_that_it_refuses(calculators):
    there = engine(EMT)
    uranium = ethanol().__class__.molecule([92, 92], [[0, 0, 0], [0, 0, 2.0]])
    with pytest.raises(BadStructure, match="EMT could not evaluate structure 0 .U2.: .*No EMT-potential"):
        there.evaluate([uranium])
    assert len(there.evaluate([ethanol()])) == 1


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("Dies", NotAvailable, "ended half way: exit code 7. Output: .*out of ideas"),
        ("Killed", NotAvailable, "ended half way: signal SIGKILL, perhaps for lack of memory"),
        ("Leaves", BadStructure, "it tried to exit the program .I leave."),
        ("Refuses", BadStructure, "could not evaluate structure 0 .C2H6O.: ValueError: not this one"),
        ("NoGradient", BadStructure, "The model has no gradient"),
        ("Short", BadStructure, r"forces of shape \(8, 3\) for structure 0; expected \(9, 3\)"),
        ("nothing", UsageError, "it returned NoneType, which is not an ASE calculator"),
        ("broken", UsageError, "could not be made with the arguments {}: KeyError: .no weights"),
        ("Scaledd", UsageError, "has no class 'Scaledd', nor a function of that name. Did you mean 'Scaled'"),
    ],
)
def test_each_way_of_failing_is_told(calculators, name, error, text):
    with pytest.raises(error, match=text):
        engine(f"{calculators}:{name}").evaluate([ethanol()])


@pytest.mark.parametrize(
    ("spec", "python", "text"),
    [
        (EMT, "no-such-python", "`python` no-such-python cannot be started: no such file"),
        (EMT, ".", "`python` . is a folder. Name the interpreter of an environment"),
        (EMT, "cat", "cat does not run Python: it answered"),
        (EMT, "true", "true with .* ended while it made the calculator: exit code 0, without output"),
        ("no_such_module:Thing", sys.executable, "-m pip install no_such_module"),
        ("no_file.py:make", sys.executable, "there is no file no_file.py"),
    ],
)
def test_what_is_no_interpreter_or_lacks_something_is_told(spec, python, text):
    with pytest.raises(NotAvailable, match=text):
        engine(spec, python=python)


def test_an_interpreter_without_ase_is_told(tmp_path):
    (tmp_path / "bare").write_text(f'#!/bin/sh\nexec {sys.executable} -S -E "$@"\n')
    (tmp_path / "bare").chmod(0o755)
    with pytest.raises(NotAvailable, match="bare has no ASE .No module named .*bare -m pip install ase"):
        engine(EMT, python=str(tmp_path / "bare"))


def test_a_module_in_this_folder_is_named_as_a_file(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GaqError, match="A file in this folder is named as mine.py:NAME"):
        AseEngine.from_spec("mine:make")


def test_the_process_ends_with_its_engine():
    there = engine(EMT)
    process = there.calculator._process
    assert process.poll() is None
    del there
    assert process.poll() is not None
