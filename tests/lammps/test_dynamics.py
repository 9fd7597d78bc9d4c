"""Dynamics in LAMMPS is the dynamics of the engine, also when atoms move from rank to rank."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from built import REPOSITORY
from gaq.atoms.structure import Structure
from gaq.engine.motion import Dynamics, MotionState
from gaq.engine.native import NativeEngine
from gaq.simulate.integrate import advance, start
from gaq.simulate.velocities import masses_of, thermal_velocities
from lammps_runs import beginning, lammps, write_data
from packed import file_of
from tiny import box, config, molecule

SHIPPED = REPOSITORY / "models" / "rmd17-ethanol-mixed-w4a16.gaq"
FS_PER_PS = 1000.0

NVE = """
timestep {dt}
neighbor {skin} bin
thermo 1
thermo_style custom step etotal pe
thermo_modify format float %.12g
fix 1 all nve
compute builds all pair gaq

variable total equal etotal
fix totals all print 1 "${{total}}" file totals.txt title "" screen no
run {steps}
write_dump all custom last.txt id xu yu zu vx vy vz modify sort id format float %.15g
variable builds equal c_builds[1]
run 0 post no
print "${{builds}}" file builds.txt
"""


def run(
    folder: Path, plugin: Path, model: bytes, structure: Structure, velocities: np.ndarray, steps: int, ranks: int,
    skin: float = 2.0, dt: float = 0.5, units: str = "metal",
) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:  # fmt: skip
    """Positions (Å), velocities (Å/fs) and total energies of LAMMPS's steps of `dt` fs, and its log."""
    (folder / "model.gaq").write_bytes(model)
    metal = units == "metal"
    elements = write_data(folder / "atoms.data", structure, velocities * (FS_PER_PS if metal else 1.0))
    more = NVE.format(dt=dt / FS_PER_PS if metal else dt, skin=skin, steps=steps)
    result = lammps(folder, beginning(plugin, structure, elements, units=units) + more, ranks)
    assert result.returncode == 0, result.stdout[-3000:]
    rows = np.loadtxt(folder / "last.txt", skiprows=9)
    totals = np.loadtxt(folder / "totals.txt")[: steps + 1]  # the run of no steps says the last once more
    return rows[:, 1:4], rows[:, 4:7] / (FS_PER_PS if metal else 1.0), totals, (folder / "log.lammps").read_text()


def ours(model: bytes, structure: Structure, velocities: np.ndarray, steps: int, dt: float = 0.5) -> MotionState:
    engine = NativeEngine(model, "m")
    return advance(engine, start(engine, structure, 0.0, velocities=velocities), Dynamics(dt), steps)


def warm(structure: Structure, temperature: float, seed: int = 0) -> np.ndarray:
    return thermal_velocities(structure, masses_of(structure), temperature, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def ethanol() -> tuple[bytes, Structure, np.ndarray]:
    structure = molecule("CH3CH2OH", noise=0.01)
    return SHIPPED.read_bytes(), structure, warm(structure, 300.0)


@pytest.mark.parametrize(("ranks", "units"), [(1, "metal"), (2, "metal"), (2, "real")])
def test_a_molecule_goes_where_our_own_dynamics_takes_it(plugin, tmp_path, ethanol, ranks, units):
    model, structure, velocities = ethanol
    expected = ours(model, structure, velocities, 100)
    positions, speeds, _, _ = run(tmp_path, plugin, model, structure, velocities, 100, ranks, units=units)
    assert np.abs(positions - expected.structure.positions).max() < 1e-4  # Å; measured 5e-6
    assert np.abs(speeds - expected.velocities).max() < 1e-5
    assert np.abs(positions - structure.positions).max() > 0.05


def test_atoms_that_change_ranks_go_there_too(plugin, tmp_path):
    one, rng = box(0, 8), np.random.default_rng(0)
    places = np.stack(np.meshgrid(*[np.arange(2)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    positions = np.concatenate([one.positions + place @ one.cell for place in places])
    structure = Structure(np.tile(one.species, 8), positions, 2 * one.cell, one.periodic)
    velocities = warm(structure, 600.0) + 0.03 * rng.standard_normal(3)  # a wind that carries all over the borders
    model = file_of(None, config(layers=3))
    expected = ours(model, structure, velocities, 60, dt=1.0)
    positions, speeds, _, log = run(tmp_path, plugin, model, structure, velocities, 60, 2, skin=0.5, dt=1.0)
    assert np.abs(positions - expected.structure.positions).max() < 1e-3
    assert np.abs(speeds - expected.velocities).max() < 1e-4
    assert int(log.split("Neighbor list builds =")[1].split()[0]) > 2


@pytest.mark.long
@pytest.mark.parametrize("ranks", [2, 4])
def test_energy_is_kept_as_on_one_rank(plugin, tmp_path, ethanol, ranks):
    model, structure, velocities = ethanol
    totals = {}
    for count in (1, ranks):
        folder = tmp_path / str(count)
        folder.mkdir()
        totals[count] = run(folder, plugin, model, structure, velocities, 200, count)[2]
    assert len(totals[1]) == 201
    kept = {count: np.abs(energies - energies[0]).max() for count, energies in totals.items()}
    assert kept[1] < 0.005  # eV: the error of the time step
    assert kept[ranks] == pytest.approx(kept[1], rel=0.05)


def test_lists_are_built_when_atoms_have_moved_and_not_each_step(plugin, tmp_path, ethanol):
    model, structure, velocities = ethanol
    run(tmp_path, plugin, model, structure, velocities, 200, 2)
    assert 2 <= float((tmp_path / "builds.txt").read_text()) < 40  # of 402
