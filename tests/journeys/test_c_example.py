"""The example in plain C says what Python says, on every instruction set and on a processor without the newer ones."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from built import REPOSITORY, native_library
from gaq.atoms.structure import Prediction, Structure
from gaq.engine.native import NativeEngine
from tiny import molecule

MODEL = REPOSITORY / "native" / "tests" / "golden" / "models" / "frame-w4a8-l1.gaq"
SYMBOLS = {1: "H", 6: "C", 7: "N", 8: "O"}


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    if shutil.which("cc") is None or shutil.which("make") is None:
        pytest.skip("needs cc and make")
    folder = tmp_path_factory.mktemp("c")
    shutil.copytree(REPOSITORY / "examples" / "c", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("energy"))
    places = {"GAQ_INCLUDE": REPOSITORY / "native" / "include", "GAQ_LIBRARY": native_library().parent}
    command = ["make", "-C", str(folder), "CFLAGS=-Wall -Wextra -Werror", *(f"{k}={v}" for k, v in places.items())]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder / "energy"


def write_xyz(path: Path, structure: Structure) -> Path:
    rows = zip(structure.species.tolist(), structure.positions.tolist(), strict=True)
    lines = [f"{SYMBOLS[z]} {x!r} {y!r} {w!r} more columns" for z, (x, y, w) in rows]
    path.write_text("\n".join([str(len(structure)), "", *lines]) + "\n")
    return path


def run(*command: str | Path, isa: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({} if isa is None else {"GAQ_ISA": isa})
    return subprocess.run(
        [*map(str, command)], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def said(text: str) -> Prediction:
    first, *others = text.splitlines()
    return Prediction(float(first.split()[0]), np.array([line.split()[1:4] for line in others], dtype=float))


def test_it_says_what_python_says(program, tmp_path):
    structure = molecule("CH3CH2OH")
    result = run(program, MODEL, write_xyz(tmp_path / "a.xyz", structure))
    assert result.returncode == 0, result.stderr
    (expected,) = NativeEngine.from_file(MODEL).evaluate([structure])
    found = said(result.stdout)
    assert found.energy == pytest.approx(expected.energy, abs=1e-8)
    assert np.abs(found.forces - expected.forces).max() < 1e-8
    assert np.abs(found.forces).max() > 0.1
    assert result.stdout.splitlines()[1].startswith("C ")


def test_every_instruction_set_says_the_same(program, tmp_path):
    file = write_xyz(tmp_path / "a.xyz", molecule("CH3NO2"))
    best = run(program, MODEL, file).stdout
    results = [run(program, MODEL, file, isa=name) for name in ("scalar", "avx2", "avx512", "neon")]
    present = [r.stdout for r in results if r.returncode == 0]
    assert present
    assert set(present) == {best}
    assert all("GAQ_ISA" in r.stderr for r in results if r.returncode != 0)


def test_a_processor_of_2008_says_the_same(program, tmp_path):
    emulator = shutil.which("qemu-x86_64")
    if emulator is None or os.uname().machine != "x86_64":
        pytest.skip("needs qemu-x86_64 on x86-64 (Debian: apt-get install qemu-user)")
    file = write_xyz(tmp_path / "a.xyz", molecule("CH3NO2"))
    old = run(emulator, "-cpu", "Nehalem", program, MODEL, file)
    assert old.returncode == 0, old.stderr
    assert old.stdout == run(program, MODEL, file).stdout
    refused = run(emulator, "-cpu", "Nehalem", program, MODEL, file, isa="avx2")
    assert refused.returncode == 2
    assert "GAQ_ISA" in refused.stderr


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2\n\nO 0 0 0\nO 0 0 0.01\n", "closer|coincid"),
        ("1\n\nXx 0 0 0\n", "a.xyz: "),
        ("2\n\nO 0 0 0\n", "ends too early"),
        ("none\n", "no number of atoms"),
    ],
)
def test_what_is_wrong_is_a_sentence(program, tmp_path, text, sentence):
    import re

    (tmp_path / "a.xyz").write_text(text)
    result = run(program, MODEL, tmp_path / "a.xyz")
    assert result.returncode == 2
    assert re.search(sentence, result.stderr), result.stderr


def test_a_file_that_is_no_model_is_a_sentence(program, tmp_path):
    file = write_xyz(tmp_path / "a.xyz", molecule("H2O"))
    for model in (file, tmp_path / "none.gaq"):
        result = run(program, model, file)
        assert result.returncode == 2
        assert model.name in result.stderr
