"""The inputs of examples/lammps run as their first lines say."""

from __future__ import annotations

import shutil

import pytest

from built import REPOSITORY
from lammps_runs import lammps

EXAMPLES = REPOSITORY / "examples" / "lammps"
MODELS = REPOSITORY / "models"
MODEL = MODELS / "rmd17-ethanol-mixed-w4a16.gaq"


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


def test_water_keeps_its_energy_on_any_number_of_ranks(plugin, tmp_path):
    totals = {ranks: water(plugin, tmp_path / str(ranks), ranks) for ranks in (1, 2, 4)}
    kept = {ranks: max(energies) - min(energies) for ranks, energies in totals.items()}
    for ranks in (2, 4):
        assert totals[ranks][0] == pytest.approx(totals[1][0], abs=1e-3)  # eV; codes may tip
        assert kept[ranks] == pytest.approx(kept[1], rel=0.2)
    assert 0 < kept[1] < 0.02  # of 192 atoms over 50 fs: the error of the time step
    assert len(totals[1]) == 11


def water(plugin, folder, ranks):
    """Total energies (eV) of in.water at every tenth of 100 steps."""
    shutil.copytree(EXAMPLES, folder)
    script = (
        f"variable plugin index {plugin}\nvariable model index {MODELS / 'water-w4a16.gaq'}\nvariable steps index 100\n"
    )
    result = lammps(folder, script + (folder / "in.water").read_text(), ranks)
    assert result.returncode == 0, result.stdout[-3000:]
    table = result.stdout.split("TotEng")[1].split("Loop time")[0].splitlines()[1:]
    return [float(line.split()[3]) for line in table if line.strip()]
