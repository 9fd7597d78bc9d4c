"""`gaq md` as a user types it: files that ASE reads, a run that survives being killed, and errors that help."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.constraints import FixAtoms

from built import native_library
from gaq.simulate.checkpoint import load
from md_runs import FAST, FRAMED, MODEL, ethanol_in


@pytest.fixture(autouse=True)
def engine():
    native_library()


@pytest.fixture
def ethanol(tmp_path) -> Path:
    return ethanol_in(tmp_path)


def rows_of(path: Path) -> dict[str, dict]:
    return {row["metric"]: row for row in map(json.loads, path.read_text().splitlines())}


@pytest.mark.parametrize("ending", ["xyz", "traj"])
def test_constant_energy(run_gaq, ethanol, tmp_path, ending):
    done = run_gaq("md", FRAMED, ethanol, "--steps", "400", "-o", f"run.{ending}", "--json", "rows.jsonl", *FAST)
    assert done.returncode == 0, done.stderr
    frames = ase.io.read(tmp_path / f"run.{ending}", ":")
    assert [f.info["step"] for f in frames] == list(range(0, 401, 20))
    rows = rows_of(tmp_path / "rows.jsonl")
    assert rows["stability"]["passed"] is True
    assert abs(rows["drift"]["value"]) < 5
    assert rows["angular_momentum_relative"]["value"] < 1e-10
    assert rows["momentum_change"]["value"] < 1e-10
    assert {"temperature", "latency_ms", "ns_per_day", "drift_ratio"} <= rows.keys()
    log = np.loadtxt(tmp_path / "run.log")
    assert log.shape == (41, 12)
    total = log[:, 2] + log[:, 3]
    assert np.ptp(total) < 0.1 * np.ptp(log[:, 3])
    assert frames[3].get_potential_energy() == log[6, 2]


@pytest.mark.parametrize("thermostat", ["langevin", "csvr"])
def test_with_a_thermostat(run_gaq, ethanol, tmp_path, thermostat):
    options = ("--ensemble", "nvt", "--thermostat", thermostat, "--temperature", "250", "--relaxation", "20")
    done = run_gaq("md", MODEL, ethanol, "--steps", "4000", "-o", "run.traj", "--json", "rows.jsonl", *options)
    assert done.returncode == 0, done.stderr
    rows = rows_of(tmp_path / "rows.jsonl")
    assert rows["temperature"]["value"] == pytest.approx(250, abs=60)
    assert ("angular_momentum_change" in rows) == (thermostat == "csvr")


def test_a_second_run_takes_over_the_velocities_of_the_first(run_gaq, ethanol, tmp_path):
    first = run_gaq("md", MODEL, ethanol, "--ensemble", "nvt", "--steps", "200", "-o", "nvt.traj", *FAST)
    assert first.returncode == 0, first.stderr
    options = ("--velocities", "keep", "--frame", "-1")
    second = run_gaq("md", MODEL, "nvt.traj", "--steps", "100", "-o", "nve.xyz", *options, *FAST)
    assert second.returncode == 0, second.stderr
    last, begin = ase.io.read(tmp_path / "nvt.traj", -1), ase.io.read(tmp_path / "nve.xyz", 0)
    assert np.abs(last.get_velocities() - begin.get_velocities()).max() < 1e-15
    assert last.get_potential_energy() == begin.get_potential_energy()


def test_replicas_have_seeds_and_files_of_their_own(run_gaq, ethanol, tmp_path):
    done = run_gaq("md", MODEL, ethanol, "--steps", "100", "--replicas", "3", "-o", "run.xyz", "--json", "rows", *FAST)
    assert done.returncode == 0, done.stderr
    ends = [ase.io.read(tmp_path / f"run-{k}.xyz", -1).positions for k in range(3)]
    assert all(np.abs(ends[k] - ends[k - 1]).max() > 1e-3 for k in range(3))
    seeds = [json.loads(line)["seed"] for line in (tmp_path / "rows").read_text().splitlines()]
    assert set(seeds) == {0, 1, 2}
    alone = run_gaq("md", MODEL, ethanol, "--steps", "100", "--seed", "2", "-o", "alone.xyz", *FAST)
    assert alone.returncode == 0, alone.stderr
    assert (tmp_path / "alone.xyz").read_bytes() == (tmp_path / "run-2.xyz").read_bytes()


def finished(running: subprocess.Popen) -> int:
    _, errors = running.communicate(timeout=300)
    print(errors)
    return running.returncode


def written_at(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


@pytest.fixture
def deuterated(tmp_path) -> Path:
    """Heavy hydrogen, and two atoms that stay where they are."""
    atoms = molecule("CH3CH2OH")
    atoms.set_masses(np.where(atoms.numbers == 1, 2.014, atoms.get_masses()))
    atoms.set_constraint(FixAtoms([0, 7]))
    atoms.write(tmp_path / "deuterated.traj")
    return tmp_path / "deuterated.traj"


@pytest.mark.parametrize(
    ("ending", "ensemble", "begin"),
    [("xyz", "nve", "ethanol"), ("traj", "nvt", "ethanol"), ("xyz", "nvt", "deuterated")],
)
@pytest.mark.long
def test_ten_kills_at_random_moments_leave_no_trace(request, tmp_path, ending, ensemble, begin):
    ethanol = request.getfixturevalue(begin)
    options = ["--steps", "12000", "--ensemble", ensemble, "--every", "70", "--log-every", "30"]

    def run(name: str, *more: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "gaq", "md", str(FRAMED), str(ethanol), *options, "-o", name, *more]
        return subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    whole = run(f"whole.{ending}")
    assert finished(whole) == 0
    draw, kills, steps = random.Random(5), 0, set()
    state = tmp_path / "killed.state"
    while kills < 10:
        before = written_at(state)
        running = run(f"killed.{ending}", "--resume", "--checkpoint-seconds", "0.02")
        while written_at(state) == before and running.poll() is None:
            time.sleep(0.002)
        time.sleep(0.1 * draw.random())
        assert running.poll() is None, running.communicate()
        running.send_signal(signal.SIGKILL)
        running.communicate()
        kills += 1
        steps.add(load(state).state.step)
    assert len(steps) > 2, f"kills came at {steps}"  # somewhere under way
    last = run(f"killed.{ending}", "--resume")
    assert finished(last) == 0
    for suffix in (ending, "log"):
        assert (tmp_path / f"killed.{suffix}").read_bytes() == (tmp_path / f"whole.{suffix}").read_bytes()
    left = {path.name for path in tmp_path.iterdir()} - {ethanol.name}
    assert left == {f"{name}.{suffix}" for name in ("whole", "killed") for suffix in (ending, "log", "state")}


@pytest.mark.parametrize("ending", ["xyz", "traj"])
def test_masses_and_fixed_atoms_of_the_start_are_used_and_kept(run_gaq, deuterated, tmp_path, ending):
    first = run_gaq("md", MODEL, deuterated, "--steps", "200", "-o", f"a.{ending}", *FAST)
    assert first.returncode == 0, first.stderr
    second = run_gaq(
        "md", MODEL, f"a.{ending}", "--frame", "-1", "--velocities", "keep", "--steps", "100", "-o", "b.xyz"
    )
    assert second.returncode == 0, second.stderr
    begun, frames, last = (
        ase.io.read(deuterated),
        ase.io.read(tmp_path / f"a.{ending}", ":"),
        ase.io.read(tmp_path / "b.xyz"),
    )
    for atoms in (*frames, last):
        assert np.array_equal(atoms.get_masses(), begun.get_masses())
        assert np.array_equal(atoms.positions[[0, 7]], begun.positions[[0, 7]])
        assert np.flatnonzero(atoms.constraints[0].get_indices() + 1).size == 2
    assert np.abs(last.positions - frames[-1].positions).max() > 1e-3
    usual = run_gaq("md", MODEL, deuterated, "--steps", "300", "-o", f"a.{ending}", "--resume", *FAST)
    assert usual.returncode == 0, usual.stderr
    atoms = ase.io.read(deuterated)
    atoms.set_masses(None)
    atoms.write(deuterated)
    other = run_gaq("md", MODEL, deuterated, "--steps", "400", "-o", f"a.{ending}", "--resume", *FAST)
    assert other.returncode == 2
    assert "the start is different" in other.stderr


def test_ctrl_c_leaves_a_run_that_goes_on(ethanol, tmp_path):
    command = [sys.executable, "-m", "gaq", "md", str(MODEL), str(ethanol), "--steps", "3000000", "-o", "run.xyz"]
    running = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    while not (tmp_path / "run.state").exists() and running.poll() is None:
        time.sleep(0.05)
    time.sleep(1.0)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert "--resume continues" in out
    assert len(ase.io.read(tmp_path / "run.xyz", ":")) >= 1


def test_a_longer_run_is_the_shorter_one_gone_on_with(run_gaq, ethanol, tmp_path):
    """Also from a last step that is no multiple of anything."""
    assert run_gaq("md", MODEL, ethanol, "--steps", "333", "-o", "a.xyz", *FAST).returncode == 0
    more = run_gaq("md", MODEL, ethanol, "--steps", "555", "-o", "a.xyz", "--resume", *FAST)
    assert more.returncode == 0, more.stderr
    assert run_gaq("md", MODEL, ethanol, "--steps", "555", "-o", "b.xyz", *FAST).returncode == 0
    for suffix in ("xyz", "log"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_a_time_step_that_explodes_stops_with_the_last_frame(run_gaq, ethanol, tmp_path):
    done = run_gaq("md", MODEL, ethanol, "--steps", "5000", "--dt", "8", "-o", "run.xyz", "--json", "rows", *FAST)
    assert done.returncode == 1
    assert "became unstable" in done.stdout
    row = rows_of(tmp_path / "rows")["stability"]
    assert row["passed"] is False
    assert row["value"] < 5000
    frames = ase.io.read(tmp_path / "run.xyz", ":")
    assert np.isfinite(frames[-1].positions).all()
    assert abs(frames[-1].info["step"] - row["value"]) <= 10


def test_a_full_disk_is_said_and_lost_is_nothing(ethanol, tmp_path):
    """A limit on the size of files stands for a full disk."""
    limited = (
        "import resource, sys, gaq.cli.main as m; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000));"
        "sys.exit(m.outcome(sys.argv[1:]))"
    )
    words = ["md", str(MODEL), str(ethanol), "--steps", "5000", "-o", "run.xyz", "--every", "20"]
    full = subprocess.run(
        [sys.executable, "-c", limited, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert full.returncode == 2, full.stderr
    assert "BadFile" in full.stderr
    assert "--resume" in full.stderr
    command = [sys.executable, "-m", "gaq", *words]
    assert subprocess.run([*command, "--resume"], cwd=tmp_path, capture_output=True, check=False).returncode == 0
    command[command.index("run.xyz")] = "whole.xyz"
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    assert (tmp_path / "run.xyz").read_bytes() == (tmp_path / "whole.xyz").read_bytes()


LITTLE = {
    "one atom": Atoms("O"),
    "a dimer": Atoms("OH", positions=[[0, 0, 0], [0.97, 0, 0]]),
    "a line": Atoms("OCO", positions=[[0, 0, 0], [1.17, 0, 0], [2.34, 0, 0]]),
    "a line unlike the data": Atoms("HCCH", positions=[[0, 0, 0], [1.06, 0, 0], [2.26, 0, 0], [3.32, 0, 0]]),
}


@pytest.mark.parametrize("name", LITTLE)
def test_small_things_move(run_gaq, tmp_path, name):
    ase.io.write(tmp_path / "s.xyz", LITTLE[name])
    for ensemble in ("nve", "nvt"):
        options = ("--steps", "50", "--dt", "0.001", "--temperature", "50", "--ensemble", ensemble, "--bonds-may-break")
        done = run_gaq("md", FRAMED, "s.xyz", *options, "-o", f"{ensemble}.xyz", *FAST)
        assert done.returncode == 0, done.stdout + done.stderr
        assert np.isfinite(ase.io.read(tmp_path / f"{ensemble}.xyz", -1).positions).all()


def test_a_periodic_box_moves(run_gaq, tmp_path):
    box = molecule("CH3CH2OH", cell=[9, 9, 9], pbc=True)
    box.positions += 8.5  # across the boundary
    ase.io.write(tmp_path / "box.xyz", box)
    done = run_gaq("md", FRAMED, "box.xyz", "--steps", "200", "-o", "run.traj", *FAST)
    assert done.returncode == 0, done.stdout + done.stderr
    frames = ase.io.read(tmp_path / "run.traj", ":")
    assert frames[-1].pbc.all()
    assert np.abs(frames[-1].positions - frames[0].positions).max() < 2  # not wrapped


def test_a_checkpoint_is_packed_in_memory(run_gaq, ethanol, tmp_path):
    checkpoint = MODEL.with_suffix(".ckpt")
    for name, model in (("packed", MODEL), ("checkpoint", checkpoint)):
        done = run_gaq("md", model, ethanol, "--steps", "20", "-o", f"{name}.xyz", *FAST)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "packed.xyz").read_bytes() == (tmp_path / "checkpoint.xyz").read_bytes()
    torch = run_gaq("md", checkpoint, ethanol, "--engine", "torch", "--steps", "20", "-o", "torch.xyz", *FAST)
    assert torch.returncode == 0, torch.stderr
    ends = [ase.io.read(tmp_path / f"{name}.xyz", -1).positions for name in ("packed", "torch")]
    assert np.abs(ends[0] - ends[1]).max() < 1e-4


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--steps", "10", "-o", "run.dcd"), "UsageError: run.dcd: a trajectory is"),
        (("--steps", "10", "-o", "run.xyz", "--dt", "nan"), "UsageError"),
        (("--steps", "10", "-o", "run.xyz", "--dt", "-1"), "UsageError"),
        (("--steps", "10", "-o", "run.xyz", "--temperature", "-1"), "UsageError: --temperature"),
        (("--steps", "10", "-o", "run.xyz", "--frame", "4"), "UsageError: --frame 4"),
        (("--steps", "10", "-o", "run.xyz", "--velocities", "keep"), "UsageError: --velocities keep"),
        (("--steps", "10", "-o", "run.xyz", "--ensemble", "nvt", "--relaxation", "0"), "UsageError: --relaxation"),
        (("--steps", "10", "-o", "run.xyz", "--backward", "12"), "UsageError: --backward 12"),
        (("--steps", "10", "-o", "run.xyz", "--resume", "--overwrite"), "UsageError: --resume"),
        (("--steps", "10", "-o", "start.xyz"), "UsageError: start.xyz is read by the same command"),
        (("--steps", "10", "-o", "start.xyz", "--overwrite"), "UsageError: start.xyz is read by the same command"),
    ],
)
def test_what_cannot_be_is_refused(run_gaq, ethanol, options, text):
    before = ethanol.read_bytes()
    done = run_gaq("md", MODEL, "start.xyz", *options)
    assert done.returncode == 2
    assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert ethanol.read_bytes() == before


@pytest.mark.parametrize(
    ("atoms", "text"),
    [
        (Atoms("OH", positions=[[0, 0, 0], [0, 0, 0.01]]), "BadStructure"),
        (Atoms("NH", positions=[[0, 0, 0], [0, 0, 1.0]]), "UnsupportedElement: rmd17-ethanol-fp32.gaq knows H, C, O"),
        (Atoms("OH", positions=[[0, 0, 0], [0, 0, np.nan]]), "BadStructure"),
    ],
)
def test_a_start_that_cannot_be_is_refused(run_gaq, tmp_path, atoms, text):
    ase.io.write(tmp_path / "start.xyz", atoms)
    done = run_gaq("md", MODEL, "start.xyz", "--steps", "10", "-o", "run.xyz")
    assert done.returncode == 2, done.stdout
    assert text in done.stderr
    assert not (tmp_path / "run.xyz").exists()


def test_a_checkpoint_of_another_run_is_not_gone_on_with(run_gaq, ethanol):
    assert run_gaq("md", MODEL, ethanol, "--steps", "100", "-o", "run.xyz").returncode == 0
    other = run_gaq("md", MODEL, ethanol, "--steps", "200", "-o", "run.xyz", "--resume", "--dt", "0.25")
    assert other.returncode == 2
    assert "dt was 0.5 and is 0.25" in other.stderr
    again = run_gaq("md", MODEL, ethanol, "--steps", "200", "-o", "run.xyz")
    assert again.returncode == 2
    assert "--overwrite starts it again" in again.stderr
    assert run_gaq("md", MODEL, ethanol, "--steps", "50", "-o", "run.xyz", "--overwrite").returncode == 0
