"""`gaq data` as a user types it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from chores import hear_interrupts
from gaq.measure.ledger import read_rows


def test_info_of_the_embedded_set(run_gaq, tmp_path):
    done = run_gaq("data", "info", "embedded", "--json", "info.jsonl")
    assert done.returncode == 0, done.stderr
    for words in ("600", "C2H6O", "eV/Å", "SHA-256"):
        assert words in done.stdout
    rows = {row.metric: row for row in read_rows(tmp_path / "info.jsonl")}
    assert rows["data_frames"].value == 600
    assert rows["data_force_rms"].unit == "eV/Å"
    assert 0.9 < rows["data_force_rms"].value < 1.1


def test_label_then_look(run_gaq):
    done = run_gaq("data", "label", "water", "--frames", "4", "--interval", "2", "--equilibrate", "1", "-o", "w.xyz")
    assert done.returncode == 0, done.stderr
    assert "4 frames in w.xyz" in done.stdout
    looked = run_gaq("data", "info", "w.xyz")
    assert looked.returncode == 0
    assert "H2O (4)" in looked.stdout


@pytest.mark.long
def test_an_interrupted_run_is_resumed_to_the_same_bytes(run_gaq, tmp_path):
    options = [
        "data",
        "label",
        "ethanol",
        "--frames",
        "120",
        "--interval",
        "60",
        "--equilibrate",
        "0",
        "--workers",
        "2",
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gaq", *options, "-o", "parts.npz"],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )
    limit = time.monotonic() + 60
    while not list(tmp_path.glob("parts.npz.partial.*")) and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "--resume" in errors
    assert not (tmp_path / "parts.npz").exists()
    resumed = run_gaq(*options, "-o", "parts.npz", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert run_gaq(*options[:-2], "-o", "whole.npz").returncode == 0
    assert (tmp_path / "parts.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()


def test_fetch_without_a_network_says_what_to_do(run_gaq, tmp_path):
    done = run_gaq("data", "fetch", "rmd17", "--molecule", "etanol")
    assert done.returncode == 2
    assert "Did you mean 'ethanol'?" in done.stderr
    (tmp_path / "small.tar.bz2").write_bytes(b"BZh9 and no more")
    done = run_gaq("data", "fetch", "rmd17", "--molecule", "ethanol", "--from", "small.tar.bz2")
    assert done.returncode == 2
    assert "BadFile: small.tar.bz2 is not the official rmd17.tar.bz2" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.xyz", None, "BadFile: there is no file none.xyz"),
        ("empty.npz", b"", "BadFile: empty.npz is empty"),
        ("cut.npz", b"PK\x03\x04 and then nothing", "BadFile: cut.npz cannot be read as a NumPy archive"),
        ("bare.xyz", b"1\n\nH 0 0 0\n", "BadLabels: bare.xyz, structure 0 has no energy"),
        ("nan.xyz", b"1\nenergy=-1\nH 0 0 nan\n", "BadStructure: nan.xyz, structure 0 has positions"),
    ],
)
def test_bad_files_are_explained_without_a_traceback(run_gaq, tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run_gaq("data", "info", name)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_units_that_are_wrong(run_gaq, tmp_path, data_folder):
    with np.load(data_folder / "rmd17" / "rmd17_ethanol_test_01.npz") as archive:
        arrays = {key: archive[key] for key in archive.files}
    arrays["energies"] *= 0.0433641
    arrays["forces"] *= 0.0433641
    np.savez(tmp_path / "ev.npz", **arrays)
    done = run_gaq("data", "info", "ev.npz")
    assert done.returncode == 2
    assert "energies that fit eV" in done.stderr
