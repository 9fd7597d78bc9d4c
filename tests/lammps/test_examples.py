"""The inputs of examples/lammps run as their first lines say."""

from __future__ import annotations

import shutil

import pytest

from built import REPOSITORY
from lammps_runs import lammps

EXAMPLES = REPOSITORY / "examples" / "lammps"
MODEL = REPOSITORY / "models" / "rmd17-ethanol-w4a16.gaq"


@pytest.mark.parametrize(("name", "ranks", "steps"), [("in.ethanol", 1, 200), ("in.box", 2, 10)])
def test_an_example_runs(plugin, tmp_path, name, ranks, steps):
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    script = f"variable plugin index {plugin}\nvariable model index {MODEL}\nvariable steps index {steps}\n"
    result = lammps(tmp_path, script + (tmp_path / name).read_text(), ranks)
    assert result.returncode == 0, result.stdout[-3000:]
    rows = [line.split() for line in result.stdout.splitlines() if line.split()[:1] == [str(steps)]]
    assert rows, result.stdout[-3000:]
    temperature = float(rows[0][1])
    assert 20 < temperature < 600


def test_energy_is_kept_in_the_first(plugin, tmp_path):
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    script = f"variable plugin index {plugin}\nvariable model index {MODEL}\n"
    result = lammps(tmp_path, script + (tmp_path / "in.ethanol").read_text())
    table = result.stdout.split("TotEng")[1].split("Loop time")[0].splitlines()
    totals = [float(line.split()[3]) for line in table if line.strip()]
    assert len(totals) == 21
    assert max(totals) - min(totals) < 0.01  # eV
