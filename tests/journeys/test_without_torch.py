"""Where PyTorch is not installed, packed models run, and every verb that needs it says which extra to install."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from built import native_library
from house.tree import REPOSITORY

PACKED, CHECKPOINT = "rmd17-ethanol-mixed-w4a16.gaq", "rmd17-ethanol-mixed-w4a16.ckpt"
NEEDS = {
    "demo": ["--quick", "--out", "demo"],
    "train": ["embedded", "--out", "trained"],
    "train --init": ["mine.toml"],
    "quantize": [CHECKPOINT, "--data", "embedded", "--out", "quantized"],
    "quantize --list-recipes": [],
    "sensitivity": [CHECKPOINT, "--data", "embedded"],
    "export": [CHECKPOINT, "-o", "model.gaq"],
    "evaluate": [CHECKPOINT, "--data", "embedded", "--limit", "1"],
    "check": [CHECKPOINT],
    "md": [CHECKPOINT, "start.xyz", "--steps", "2", "-o", "md.xyz"],
    "bench": [CHECKPOINT],
    "inspect": [CHECKPOINT],
}
RUNS = {
    "evaluate": [PACKED, "--data", "embedded", "--limit", "1", "--rotations", "1"],
    "bench": [PACKED, "--seconds", "0.01", "--no-starts"],
    "inspect": [PACKED],
    "md": [PACKED, "start.xyz", "--steps", "2", "-o", "md.xyz"],
    "doctor": ["--model", PACKED],
    "data info": ["embedded"],
}
# A module that is None in sys.modules is one that is not installed.
WITHOUT = """
import contextlib, io, json, sys
sys.modules["torch"] = None
from gaq.cli.main import outcome
found = []
for arguments in json.loads(sys.argv[1]):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = outcome(arguments)
    found.append([code, said.getvalue()])
print(json.dumps(found))
"""


@pytest.fixture
def folder(tmp_path):
    from ase.io import write

    from gaq.atoms.from_ase import to_ase
    from gaq.data.read import read_structures

    for name in (PACKED, CHECKPOINT):  # what is measured of a model is kept beside it
        shutil.copy(REPOSITORY / "models" / name, tmp_path)
    write(tmp_path / "start.xyz", to_ase(read_structures("embedded", 1)[0]))
    return tmp_path


def said(verbs: dict[str, list[str]], folder) -> dict[str, tuple[int, str]]:
    lines = json.dumps([[*verb.split(), *rest] for verb, rest in verbs.items()])
    command = [sys.executable, "-c", WITHOUT, lines]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(verbs, map(tuple, json.loads(done.stdout)), strict=True))


def test_each_verb_that_needs_torch_says_which_extra(folder):
    before = set(folder.iterdir())
    for verb, (code, text) in said(NEEDS, folder).items():
        assert code == 2, f"{verb}: {text}"
        assert "NotAvailable: PyTorch is not installed." in text, f"{verb}: {text}"
        assert "[train]'" in text, f"{verb}: {text}"
    assert {path for path in set(folder.iterdir()) - before if path.is_file()} == set()


def test_packed_models_go_through_each_verb(folder):
    native_library()
    for verb, (code, text) in said(RUNS, folder).items():
        assert code == 0, f"{verb}: {text}"
        assert "Traceback" not in text, f"{verb}: {text}"
