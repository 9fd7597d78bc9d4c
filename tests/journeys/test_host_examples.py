"""The examples of OpenMM, i-PI and torch-sim, as a user runs them: from their folder, with the models beside it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import read, write

from gaq.atoms.from_ase import from_ase
from gaq.engine.motion import Dynamics
from gaq.simulate.integrate import advance, start
from gaq.units import BOHR, HARTREE, KJ_PER_MOL
from tiny import molecule
from unit.simulate.hosted import ETHANOL, by_ase, copied, differ, ethanol_at_rest, shipped

PATIENCE = 120.0  # s
BIN = Path(sys.executable).parent


def environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1", "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


def run(folder: Path, *command: str) -> str:
    """What a command says; it must end well."""
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def i_pi(folder: Path, file: str) -> Iterator[subprocess.Popen[str]]:
    """i-PI at work, and ended whatever happens."""
    with (folder / "ipi.log").open("w") as log:
        server = subprocess.Popen(
            [BIN / "i-pi", file], cwd=folder, env=environment(), stdout=log, stderr=subprocess.STDOUT, text=True
        )
        try:
            yield server
        finally:
            server.kill()
            server.wait(PATIENCE)


def changed(folder: Path, file: str, *changes: tuple[str, str]) -> None:
    text = (folder / file).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / file).write_text(text)


def client(folder: Path, *options: str, structure: str = "ethanol.xyz") -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "gaq.simulate.ipi",
        "../../models/rmd17-ethanol-mixed-w4a16.gaq",
        structure,
        *options,
    ]
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.fixture
def name() -> str:
    """An address for i-PI that no other test has."""
    return f"gaq-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def ipi_folder(tmp_path: Path, name: str) -> Path:
    shipped(ETHANOL)
    folder = copied("ipi", tmp_path)
    changed(folder, "input.xml", ("<address> ethanol </address>", f"<address> {name} </address>"))
    return folder


def columns(path: Path) -> np.ndarray:
    return np.loadtxt(path)


def test_openmm_conserves_the_energy(tmp_path):
    shipped(ETHANOL)
    lines = run(copied("openmm", tmp_path), sys.executable, "nve.py").splitlines()[1:]
    rows = np.array([[float(x) for x in line.split(",")] for line in lines])
    assert rows[:, 0].tolist() == list(range(100, 1001, 100))
    assert np.ptp(rows[:, 1]) > 0.5  # kJ/mol of potential energy come and go
    assert np.ptp(rows[:, 2]) < 0.2


def test_openmm_by_name_says_what_ase_says(tmp_path):
    shipped(ETHANOL)
    folder = copied("openmm", tmp_path)
    energy = float(run(folder, sys.executable, "by_name.py").split()[0]) * KJ_PER_MOL
    expected = by_ase(ETHANOL, from_ase(read(folder / "ethanol.pdb"))).get_potential_energy()
    assert energy == pytest.approx(expected, abs=1e-6)


def test_torch_sim_moves_three_molecules(tmp_path):
    shipped(ETHANOL)
    before, after = run(copied("torch_sim", tmp_path), sys.executable, "nve.py").splitlines()
    energies = [[float(x) for x in re.findall(r"-\d+\.\d+", line)] for line in (before, after)]
    atoms = by_ase(ETHANOL, molecule("CH3CH2OH", noise=0.0))
    atoms.rattle(0.02, seed=0)
    assert energies[0][0] == pytest.approx(atoms.get_potential_energy(), abs=1e-6)
    assert len(set(energies[1])) == 3
    assert np.abs(np.subtract(*energies)).max() < 1.0


def test_i_pi_by_socket_and_by_itself_make_the_same_steps(ipi_folder, name):
    with i_pi(ipi_folder, "input.xml") as server:
        answered = client(ipi_folder, "--unix", name)
        assert server.wait(PATIENCE) == 0, (ipi_folder / "ipi.log").read_text()
    assert answered.returncode == 0, answered.stderr
    assert "i-PI has finished; 202 systems computed" in answered.stdout
    run(ipi_folder, "i-pi", "direct.xml")
    by_socket, direct = columns(ipi_folder / "ethanol.out"), columns(ipi_folder / "direct.out")
    assert len(by_socket) == 101
    assert (by_socket == direct).all()
    for bead in (0, 1):
        names = [ipi_folder / f"{prefix}.pos_{bead}.xyz" for prefix in ("ethanol", "direct")]
        assert names[0].read_text() == names[1].read_text()


def test_i_pi_makes_our_own_steps_with_our_own_energies(ipi_folder, name):
    """Constant energy, one bead, over TCP: all numbers in atomic units, so that nobody's ångström is in the way."""
    rest, dt = ethanol_at_rest(), 0.5
    engine = shipped(ETHANOL)
    state = start(engine, rest, 300.0, seed=1)
    atomic_time = 2.4188843265857e-2  # fs
    velocities = ", ".join(f"{x:.17g}" for x in (state.velocities * atomic_time / BOHR).ravel())
    masses = ", ".join(f"{mass * 1822.888486209:.17g}" for mass in state.masses)
    write(ipi_folder / "bohr.xyz", Atoms(rest.species, rest.positions / BOHR), format="xyz", fmt="%25.15f")
    text = (ipi_folder / "input.xml").read_text()
    begin, end = text.index("    <initialize"), text.index("    <forces>")
    initial = f"""    <initialize nbeads='1'>
      <file mode='ase' units='atomic_unit'> bohr.xyz </file>
      <cell mode='abc' units='angstrom'> [50, 50, 50] </cell>
      <masses mode='manual'> [{masses}] </masses>
      <velocities mode='manual'> [{velocities}] </velocities>
    </initialize>
"""
    (ipi_folder / "nve.xml").write_text(text[:begin] + initial + text[end:])
    port = _free_port()
    changed(
        ipi_folder,
        "nve.xml",
        ("mode='unix'", "mode='inet'"),
        (f"<address> {name} </address>", f"<address> localhost </address> <port> {port} </port>"),
        ("mode='nvt'", "mode='nve'"),
        ("<thermostat mode='pile_g'> <tau units='femtosecond'> 100 </tau> </thermostat>", ""),
        ("<timestep units='femtosecond'> 0.25 ", f"<timestep> {dt / atomic_time:.17g} "),
        ("potential{electronvolt}", "potential"),
        ("positions{angstrom}", "positions"),
    )
    with i_pi(ipi_folder, "nve.xml") as server:
        answered = client(ipi_folder, "--port", str(port))
        assert server.wait(PATIENCE) == 0, (ipi_folder / "ipi.log").read_text()
    assert answered.returncode == 0, answered.stderr
    path = [advance(engine, state, Dynamics(dt), steps) for steps in range(101)]
    ours = np.array([moved.energy for moved in path])
    theirs = columns(ipi_folder / "ethanol.out")[:, 4] * HARTREE
    assert np.ptp(ours) > 0.05
    assert np.abs(theirs - ours).max() < 1e-4  # nine figures of -4210 eV are written
    frames = read(ipi_folder / "ethanol.pos_0.xyz", ":")
    assert differ(frames[-1].positions * BOHR, path[-1].structure.positions) < 1e-5  # six figures are written


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def test_i_pi_that_is_killed_ends_the_client(ipi_folder, name):
    changed(ipi_folder, "input.xml", ("<total_steps> 100 <", "<total_steps> 1000000 <"))
    with i_pi(ipi_folder, "input.xml") as server:
        command = [
            sys.executable,
            "-m",
            "gaq.simulate.ipi",
            "../../models/rmd17-ethanol-mixed-w4a16.gaq",
            "ethanol.xyz",
        ]
        with subprocess.Popen(
            [*command, "--unix", name],
            cwd=ipi_folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as running:
            assert "connected to i-PI" in running.stdout.readline()
            server.kill()
            said, wrong = running.communicate(timeout=PATIENCE)
    assert (running.returncode, "has finished" in said) in ((0, True), (2, False))
    assert running.returncode == 0 or wrong.startswith("NotAvailable: i-PI ended in the middle")


def test_a_template_of_another_molecule(ipi_folder, name):
    (ipi_folder / "water.xyz").write_text("3\n\nO 0 0 0\nH 0 0 1\nH 0 1 0\n")
    with i_pi(ipi_folder, "input.xml"):
        answered = client(ipi_folder, "--unix", name, structure="water.xyz")
    assert answered.returncode == 2
    assert answered.stderr.startswith("BadStructure: i-PI has 9 atoms and the template 3.")
