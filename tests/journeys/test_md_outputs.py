"""`gaq md` loses nothing, keeps a second process out, and says what is to blame."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ase.build import molecule

from built import native_library
from md_runs import FAST, FRAMED, MODEL, ethanol_in


@pytest.fixture(autouse=True)
def engine():
    native_library()


@pytest.fixture
def ethanol(tmp_path) -> Path:
    return ethanol_in(tmp_path)


def test_nothing_is_lost_without_being_told(run_gaq, ethanol, tmp_path):
    def refused(*words: str, text: str) -> None:
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        done = run_gaq("md", MODEL, ethanol, "--steps", "100", *words, *FAST)
        assert (done.returncode, text in done.stderr) == (2, True), done.stderr
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before

    for name in ("log", "state"):
        (tmp_path / f"mine.{name}").write_text("notes of a year")
        refused("-o", "mine.xyz", text=f"mine.{name} is there already")
        refused("-o", "mine.xyz", "--replicas", "1", "--json", f"mine.{name}", text="there already")
        (tmp_path / f"mine.{name}").unlink()
    (tmp_path / "mine.log").write_text("notes of a year")
    refused("-o", "mine.xyz", "--resume", text="without its checkpoint")
    (tmp_path / "mine.log").unlink()
    assert run_gaq("md", MODEL, ethanol, "--steps", "100", "-o", "a.xyz", *FAST).returncode == 0
    refused("-o", "a.traj", text="a.log is there already")  # its log would be that of the other trajectory
    refused("-o", "b.xyz", "--json", "b.log", text="two outputs")
    (tmp_path / "a.state").rename(tmp_path / "elsewhere")
    refused("-o", "a.xyz", "--resume", text="without its checkpoint")


def test_a_second_process_is_refused_and_told_who_writes(run_gaq, ethanol, tmp_path):
    command = [sys.executable, "-m", "gaq", "md", str(MODEL), str(ethanol), "--steps", "3000000", "-o", "run.xyz"]
    running = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not (tmp_path / "run.state").exists() and running.poll() is None:
            time.sleep(0.05)
        for more in ((), ("--resume",), ("--overwrite",)):
            done = run_gaq("md", MODEL, ethanol, "--steps", "100", "-o", "run.xyz", *more)
            assert done.returncode == 2
            assert f"is being written by process {running.pid} on host {socket.gethostname()}" in done.stderr
        assert running.poll() is None
    finally:
        running.kill()
        running.wait()
    resumed = run_gaq("md", MODEL, ethanol, "--steps", "100", "-o", "run.xyz", "--overwrite")
    assert resumed.returncode == 0, resumed.stderr
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("options", "scale", "text"),
    [
        (("--dt", "50"), 1.0, "The cause is the time step: 50 fs"),
        (("--dt", "0.0005"), 1.0, "The time step is 0.0005 fs"),
        ((), 1.8897, "The units look wrong"),
        (("--temperature", "9000"), 1.0, "The cause is the temperature"),
    ],
)
def test_what_is_to_blame_is_said(run_gaq, tmp_path, options, scale, text):
    atoms = molecule("CH3CH2OH")
    atoms.positions *= scale
    atoms.write(tmp_path / "start.xyz")
    done = run_gaq("md", FRAMED, "start.xyz", "--steps", "400", "-o", "run.xyz", *options, *FAST)
    assert text in done.stdout + done.stderr
    assert ("--bonds-may-break" in done.stdout) == ("is off by" in done.stdout)


def test_files_that_were_damaged_are_named(run_gaq, ethanol, tmp_path):
    assert run_gaq("md", MODEL, ethanol, "--steps", "300", "-o", "run.xyz", *FAST).returncode == 0
    log = (tmp_path / "run.log").read_bytes()
    (tmp_path / "run.log").write_bytes(log[:100])
    shorter = run_gaq("md", MODEL, ethanol, "--steps", "400", "-o", "run.xyz", "--resume", *FAST)
    assert shorter.returncode == 2
    assert "run.log is missing or shorter" in shorter.stderr
    (tmp_path / "run.state").write_bytes(b"PK\x03\x04 no")
    damaged = run_gaq("md", MODEL, ethanol, "--steps", "400", "-o", "run.xyz", "--resume", *FAST)
    assert damaged.returncode == 2
    assert "run.state cannot be read as a NumPy archive" in damaged.stderr
