"""`gaq check` as a user types it: on calculators of ASE, which need no training before."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

EMT = "ase.calculators.emt:EMT"
FEW = ("--limit", "2", "--rotations", "2")
CALCULATOR = """
import numpy as np
from ase.calculators.emt import EMT

class NoForces(EMT):
    def calculate(self, *arguments, **options):
        super().calculate(*arguments, **options)
        self.results["forces"] = np.zeros((len(self.atoms), 3))
"""


@pytest.fixture
def cluster(tmp_path: Path) -> str:
    """Thirteen atoms of copper at rest, which EMT holds together."""
    from ase.calculators.emt import EMT as Calculator
    from ase.cluster import Icosahedron
    from ase.io import write
    from ase.optimize import BFGS

    atoms = Icosahedron("Cu", 2)
    atoms.calc = Calculator()
    BFGS(atoms, logfile=None).run(fmax=0.01)
    write(tmp_path / "cluster.xyz", atoms.copy())
    return "cluster.xyz"


def test_a_sound_calculator_passes(run_gaq, tmp_path, cluster):
    pytest.importorskip("matplotlib")
    written = ("--json", "rows.jsonl", "--plot", "found.png")
    result = run_gaq("check", EMT, "--structure", cluster, *FEW, *written)
    assert result.returncode == 0, result.stderr
    assert "all 21 checks are within their limits" in result.stdout
    assert (tmp_path / "found.png").read_bytes().startswith(b"\x89PNG")
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert all({"metric", "value", "unit", "model", "recipe", "engine", "data", "n"} <= set(row) for row in rows)
    judged = {row["metric"]: row for row in rows if "passed" in row}
    assert judged["lee_max"]["passed"] is True
    assert judged["lee_max"]["limit"] == 1.0
    assert judged["stability"]["value"] == 400
    assert {row["engine"] for row in rows} == {"ase"}


def test_a_limit_that_is_passed_ends_with_one_and_names_the_check(run_gaq):
    result = run_gaq("check", EMT, *FEW, "--steps", "0", "--max-lee", "0")
    assert result.returncode == 1
    assert "FAILS" in result.stdout
    assert "1 of 17 checks past their limit: rotated: largest force error" in result.stdout
    assert "- rotating the molecule changes the result" in result.stdout


def test_a_run_that_falls_apart_fails(run_gaq):
    result = run_gaq("check", EMT, *FEW)  # ethanol, which EMT was not made for
    assert result.returncode == 1
    assert "- the run became unstable after" in result.stdout
    assert "name others with --data or --structure" in result.stdout


@pytest.mark.long
def test_a_calculator_of_another_interpreter_without_forces_is_found_out(run_gaq, tmp_path):
    (tmp_path / "mine.py").write_text(CALCULATOR)
    result = run_gaq("check", "mine.py:NoForces", "--python", sys.executable, *FEW, "--steps", "0")
    assert result.returncode == 1
    assert "- forces are zero while the energy changes: the model gives no forces" in result.stdout


def test_linear_molecules_and_dimers_are_checked(run_gaq, tmp_path):
    from ase.build import molecule
    from ase.io import write

    for name in ("CO2", "N2"):
        write(tmp_path / f"{name}.xyz", molecule(name))
        result = run_gaq("check", EMT, "--structure", f"{name}.xyz", *FEW, "--steps", "0")
        assert "of 17 checks" in result.stdout or "all 17 checks" in result.stdout
        assert result.returncode in (0, 1)
        assert result.stderr == ""


def test_it_checks_what_a_file_holds(run_gaq, tmp_path):
    from ase.build import bulk
    from ase.io import write

    write(tmp_path / "copper.xyz", bulk("Cu", cubic=True))
    fast = ("--limit", "1", "--rotations", "2", "--steps", "0")
    result = run_gaq("check", "--calculator", EMT, "--structure", "copper.xyz", *fast)
    assert "copper.xyz" in result.stdout
    assert result.returncode in (0, 1)
    assert "net torque" not in result.stdout  # a box has none


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "UsageError: name one thing to check"),
        (("one.xyz", "--calculator", EMT), "UsageError: name one thing to check"),
        ((EMT, "--calculator", EMT), "UsageError: name one thing to check"),
        (("none.ckpt",), "BadFile: there is no file none.ckpt"),
        (("nowhere:Thing",), "NotAvailable: nowhere:Thing could not be imported"),
        ((EMT, "--args", "{"), "UsageError: --args '{' is not JSON"),
        ((EMT, "--data", "none.xyz"), "BadFile: there is no file none.xyz"),
        (
            (EMT, "--data", "a.xyz", "--structure", "b.xyz"),
            "UsageError: --data and --structure were both given",
        ),
        ((EMT, "--max-lee", "-1"), "Invalid value for '--max-lee'"),
        ((EMT, "--steps", "7"), "UsageError: --steps 7: fewer than 100 show no drift; 0 skips the run"),
        ((EMT, "--plot", "found.pdf"), "UsageError: --plot found.pdf: pictures are PNG files"),
        ((EMT, "--python", "no-such-python"), "NotAvailable: --python no-such-python cannot be started"),
        ((EMT, "--engine", "native"), "UsageError: --engine native belongs to a model file"),
        (("ase.calculators.tip3p:TIP3P",), "name others with --data or --structure"),
        (("mine.py:make",), "NotAvailable: mine.py:make could not be imported (there is no file mine.py)"),
        ((EMT, "--json", "/dev/null/rows.jsonl"), "BadFile: /dev/null is a file; a folder for the output"),
    ],
)
def test_mistakes_are_told_and_end_with_two(run_gaq, arguments, text):
    result = run_gaq("check", *arguments)
    assert result.returncode == 2
    assert text in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_arguments_belong_to_a_calculator(run_gaq, tmp_path):
    (tmp_path / "model.ckpt").write_bytes(b"x")
    result = run_gaq("check", "model.ckpt", "--args", '{"a": 1}')
    assert result.returncode == 2
    assert "--args belongs to a calculator" in result.stderr


def test_an_interpreter_belongs_to_a_calculator(run_gaq, tmp_path):
    (tmp_path / "model.ckpt").write_bytes(b"x")
    result = run_gaq("check", "model.ckpt", "--python", sys.executable)
    assert result.returncode == 2
    assert "--python belongs to a calculator" in result.stderr


@pytest.mark.parametrize(
    ("symbols", "positions", "text"),
    [
        ("C", [[0, 0, 0]], "BadStructure: there is a single atom, whose force is zero by symmetry"),
        ("HH", [[0, 0, 0], [0, 0, 0.01]], "closer than 0.2 Å"),
        (
            "U2",
            [[0, 0, 0], [0, 0, 2.0]],
            "EMT could not evaluate structure 0 (U2): ",
        ),
    ],
)
def test_structures_that_cannot_be_checked_are_told(run_gaq, tmp_path, symbols, positions, text):
    from ase import Atoms
    from ase.io import write

    write(tmp_path / "bad.xyz", Atoms(symbols, positions))
    result = run_gaq("check", EMT, "--structure", "bad.xyz")
    assert result.returncode == 2
    assert text in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
