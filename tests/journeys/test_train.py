"""`gaq train` as a user types it: a run, one that is interrupted and goes on, and what goes wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gaq.cli.main import outcome

TINY = """
epochs = 2
batch = 4
[data]
train = 12
validation = 4
[model]
channels = 8
layers = 2
heads = 2
basis = 8
hidden = 8
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """An empty folder with a small configuration, in which the commands are given."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.toml").write_text(TINY)
    return tmp_path


def curve(out: Path) -> list[dict]:
    lines = [json.loads(line) for line in (out / "curve.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def test_a_first_training(run_gaq, folder):
    done = run_gaq("train", "tiny.toml", "--data", "embedded", "--out", "runs/a", "--set", "seed=3")
    assert done.returncode == 0, done.stderr
    assert "runs/a/model.ckpt  recipe fp32  E " in done.stdout
    assert "next: gaq evaluate runs/a/model.ckpt" in done.stdout
    assert "step 6/6  epoch 1: E " in done.stderr, "a line in a log, where there is no terminal"
    names = {path.name for path in (folder / "runs" / "a").iterdir()}
    assert names == {"model.ckpt", "last.ckpt", "curve.jsonl", "split.json", "config.toml"}
    assert len(curve(folder / "runs" / "a")) == 2
    # The configuration that was written down gives the same run again.
    assert outcome(["train", "runs/a/config.toml", "--out", "runs/b"]) == 0
    first, second = (folder / "runs" / x / "model.ckpt" for x in "ab")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("said_again", [True, False])
def test_an_interrupted_training_goes_on_bit_for_bit(folder, said_again):
    command = ["train", "tiny.toml", "--data", "embedded", "--set", "epochs=25"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gaq", *command, "--out", "parts"],
        env=os.environ | {"OMP_NUM_THREADS": "1", "NO_COLOR": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    limit = time.monotonic() + 60
    while not (folder / "parts" / "curve.jsonl").exists() and time.monotonic() < limit:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Interrupted: " in errors
    assert "--resume" in errors
    assert "Traceback" not in errors
    assert 1 <= len(curve(folder / "parts")) < 25
    assert outcome([*(command if said_again else ["train"]), "--out", "parts", "--resume"]) == 0
    assert outcome([*command, "--out", "whole"]) == 0
    assert curve(folder / "parts") == curve(folder / "whole")
    parts, whole = (folder / x / "model.ckpt" for x in ("parts", "whole"))
    assert parts.read_bytes() == whole.read_bytes()


SMALL = ["--channels", "8", "--layers", "1", "--epochs", "2", "--set", "model.heads=2"]


def test_data_alone_are_enough(folder, capsys):
    assert outcome(["train", "embedded", *SMALL, "--out", "a"]) == 0
    said = capsys.readouterr()
    assert "ethanol-gfn2-xtb: 600 frames, 540 to train and 60 to validate on; forces of 1.00 eV/Å" in said.err
    assert "settings: 2 epochs of 54 steps, 10 frames each; 1 layers of 8 channels, cutoff 5 Å" in said.err
    assert "a/model.ckpt  recipe fp32" in said.out
    # The configuration that was written down, beside a data file of another name, is the same run.
    config = (folder / "a" / "config.toml").read_text()
    (folder / "again.toml").write_text(config.replace('"embedded"', '"nowhere.npz"'))
    assert outcome(["train", "again.toml", "--data", "embedded", "--out", "b"]) == 0
    assert (folder / "a" / "model.ckpt").read_bytes() == (folder / "b" / "model.ckpt").read_bytes()


def test_a_configuration_is_written_with_comments_and_taken(folder, capsys):
    assert outcome(["train", "--init", "--data", "embedded", *SMALL]) == 0
    assert "train.toml written" in capsys.readouterr().out
    text = (folder / "train.toml").read_text()
    assert text.startswith("# Settings of a float model: gaq train train.toml --out runs/mine\n")
    assert 'file = "embedded"' in text
    assert "lr = 0.01  # of the matrices" in text
    assert outcome(["train", "--init"]) == 2
    assert "UsageError: train.toml exists. Give another name: gaq train --init NAME.toml" in capsys.readouterr().err
    assert (folder / "train.toml").read_text() == text
    assert outcome(["train", "--init", "bare.toml"]) == 0
    assert "gaq train bare.toml --data FRAMES" in (folder / "bare.toml").read_text()
    assert outcome(["train", "train.toml", "--out", "a"]) == 0
    assert len(curve(folder / "a")) == 2


def test_an_earlier_run_is_not_replaced_by_accident(folder, capsys):
    command = ["train", "tiny.toml", "--data", "embedded", "--out", "a"]
    assert outcome(command) == 0
    before = {path.name: path.read_bytes() for path in (folder / "a").iterdir()}
    capsys.readouterr()
    assert outcome(command) == 2
    said = capsys.readouterr().err
    assert "UsageError: a/model.ckpt exists: a holds an earlier run. --resume continues it, --overwrite" in said
    assert {path.name: path.read_bytes() for path in (folder / "a").iterdir()} == before
    assert outcome([*command, "--overwrite", "--seed", "5"]) == 0
    assert (folder / "a" / "model.ckpt").read_bytes() != before["model.ckpt"]
    (folder / "b").mkdir()
    (folder / "b" / "config.toml").write_text("my = 'notes'\n")
    assert outcome(["train", "tiny.toml", "--data", "embedded", "--out", "b"]) == 2
    assert (folder / "b" / "config.toml").read_text() == "my = 'notes'\n"


def nan_forces(path: Path) -> None:
    coords = np.array([[[0.0, 0, 0], [0, 0, 1.0]]] * 8) + 0.01 * np.random.default_rng(0).random((8, 2, 3))
    forces = np.full((8, 2, 3), np.nan)
    np.savez(path, nuclear_charges=[8, 1], coords=coords, energies=np.full(8, -47000.0), forces=forces)


def two_frames(path: Path) -> None:
    frame = "2\nenergy=-20.0 Properties=species:S:1:pos:R:3:forces:R:3\nO 0 0 0 0 0 1\nH 0 0 1 0 0 -1\n"
    path.write_text(frame * 2)


WRONG = {
    "no-config": (["none.toml"], "BadFile: there is no file none.toml"),
    "nothing": ([], "UsageError: gaq train needs labelled frames (gaq train methanol.npz), or a configuration"),
    "two-data-files": (["two.xyz", "--data", "embedded"], "UsageError: two.xyz and --data embedded are both data"),
    "init-of-no-toml": (["two.xyz", "--data", "embedded", "--init"], "UsageError: --init two.xyz: the name of"),
    "option-out-of-range": (["embedded", "--epochs", "-3"], "Invalid value for '--epochs'"),
    "no-such-data": (["none.npz"], "BadFile: there is no file none.npz"),
    "no-data-named": (["tiny.toml"], "UsageError: tiny.toml names no data file. Give one with --data"),
    "no-data": (["tiny.toml", "--data", "none.xyz"], "BadFile: there is no file none.xyz"),
    "unknown-key": (
        ["tiny.toml", "--data", "embedded", "--set", "model.chanels=8"],
        "ConfigError: tiny.toml: unknown key model.chanels (given by --set). Did you mean 'channels'?",
    ),
    "odd-heads": (
        ["tiny.toml", "--data", "embedded", "--set", "model.heads=3"],
        "channels (8) must be a multiple of heads (3)",
    ),
    "negative-epochs": (
        ["tiny.toml", "--data", "embedded", "--set", "epochs=-1"],
        "ConfigError: tiny.toml: epochs is -1 (given by --set)",
    ),
    "too-many-frames": (
        ["tiny.toml", "--data", "embedded", "--set", "data.train=900"],
        "UsageError: ethanol-gfn2-xtb has 600 frames; asked for 900 for training, 4 for validation",
    ),
    "too-few-frames": (
        ["bare.toml", "--data", "two.xyz"],
        "UsageError: two has 2 frames, 50 of which would be held out for validation",
    ),
    "nan": (["tiny.toml", "--data", "nan.npz"], "BadLabels: nan.npz, structure 0 has"),
    "file-in-the-way": (
        ["tiny.toml", "--data", "embedded", "--out", "two.xyz"],
        "BadFile: two.xyz is a file; a folder for the output was expected",
    ),
    "file-in-the-path": (
        ["tiny.toml", "--data", "embedded", "--out", "two.xyz/runs"],
        "BadFile: cannot write into two.xyz/runs",
    ),
    "nothing-to-resume": (
        ["tiny.toml", "--data", "embedded", "--resume"],
        "BadFile: runs/train has no last.ckpt to resume from",
    ),
    "no-folder-to-resume": (["--resume", "--out", "none"], "BadFile: none has no last.ckpt to resume from"),
    "no-such-device": (
        ["tiny.toml", "--data", "embedded", "--device", "gpu"],
        "UsageError: --device 'gpu': expected cpu, cuda, or cuda:N",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_one_sentence(name, folder, capsys):
    nan_forces(folder / "nan.npz")
    two_frames(folder / "two.xyz")
    (folder / "bare.toml").write_text("epochs = 1\n")
    arguments, text = WRONG[name]
    assert outcome(["train", *arguments]) == 2
    said = capsys.readouterr().err
    assert text in said
    assert "Traceback" not in said
    assert not list(folder.glob("**/*.ckpt"))


def test_another_configuration_does_not_resume(folder, capsys):
    command = ["train", "tiny.toml", "--data", "embedded", "--out", "a"]
    assert outcome(command) == 0
    before = (folder / "a" / "model.ckpt").read_bytes()
    assert outcome([*command, "--resume", "--set", "epochs=3"]) == 2
    said = capsys.readouterr().err
    assert "BadFile: a/last.ckpt is the state of another run: it differs in config.epochs" in said
    (folder / "a" / "last.ckpt").write_bytes(before[:100])
    assert outcome([*command, "--resume"]) == 2
    assert "a/last.ckpt ends after 100 bytes, inside its header of " in capsys.readouterr().err
    assert (folder / "a" / "model.ckpt").read_bytes() == before


def test_a_training_that_diverges_says_so_and_ends_with_one(folder, capsys):
    rates = ["optimizer.lr=1e30", "optimizer.adam_lr=1e30", "optimizer.warmup_epochs=0"]
    settings = [word for rate in rates for word in ("--set", rate)]
    assert outcome(["train", "tiny.toml", "--data", "embedded", "--out", "a", *settings]) == 1
    said = capsys.readouterr().err
    assert "Diverged: the loss of step 1 (epoch 0) is nan. No epoch was completed." in said
    assert "Lower the learning rate (now 1e+30)" in said
