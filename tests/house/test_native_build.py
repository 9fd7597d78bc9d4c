"""How the native engine is built: flags that codes depend on, what the library shows, and no compiler at all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from built import native_library
from house.tree import REPOSITORY

NATIVE = REPOSITORY / "native"
FORBIDDEN = ("-march=native", "-mtune=native", "-ffast-math", "-Ofast", "-funsafe-math-optimizations")


def unsafe(command: str, file: str) -> list[str]:
    """What is wrong with the command that compiles a file."""
    words = command.split()
    found = [flag for flag in FORBIDDEN if flag in words]
    if "-ffp-contract=off" not in words or any(w.startswith("-ffp-contract=") and w[14:] != "off" for w in words):
        found.append("contraction")
    if "/isa/" not in file and any(w.startswith(("-mavx", "-mfma", "-march=")) for w in words):
        found.append("an instruction set outside src/isa")
    return found


def cmake() -> str:
    beside = Path(sys.executable).with_name("cmake")
    found = str(beside) if beside.is_file() else shutil.which("cmake")
    if found is None:
        pytest.skip("needs cmake")
    return found


def test_every_file_is_compiled_as_the_law_demands():
    native_library()
    database = REPOSITORY / "build" / "native" / "compile_commands.json"
    if not database.is_file():
        pytest.skip("needs build/native; `make native` builds it where there is a C++17 compiler")
    commands = json.loads(database.read_text())
    assert len(commands) > 10
    assert {entry["file"]: wrong for entry in commands if (wrong := unsafe(entry["command"], entry["file"]))} == {}


@pytest.mark.parametrize(
    ("command", "file", "wrong"),
    [
        ("c++ -O3 -ffp-contract=off", "src/a.cpp", []),
        ("c++ -ffp-contract=off -mavx2", "src/isa/avx2.cpp", []),
        ("c++ -ffp-contract=off -mavx2", "src/a.cpp", ["an instruction set outside src/isa"]),
        ("c++ -ffp-contract=off -march=native", "src/isa/a.cpp", ["-march=native"]),
        ("c++ -O3", "src/a.cpp", ["contraction"]),
        ("c++ -ffp-contract=off -ffp-contract=fast", "src/a.cpp", ["contraction"]),
    ],
)
def test_a_wrong_flag_would_be_found(command, file, wrong):
    assert unsafe(command, file) == wrong


def test_nothing_but_the_c_interface_comes_out_of_the_library():
    library = native_library()
    if shutil.which("nm") is None:
        pytest.skip("needs nm")
    shown = subprocess.run(["nm", "-D", "--defined-only", str(library)], capture_output=True, text=True, check=True)
    names = [line.split()[-1].lstrip("_") for line in shown.stdout.splitlines() if line]
    assert len(names) > 10
    assert [name for name in names if not name.startswith("gaq_")] == []


def test_without_a_compiler_nothing_is_built_and_nothing_fails(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k not in ("CXX", "CC")} | {"CXX": "no-such-compiler"}
    build, prefix = tmp_path / "build", tmp_path / "prefix"
    generator = ["-G", "Ninja"] if shutil.which("ninja", path=f"{Path(cmake()).parent}:{os.environ['PATH']}") else []
    path = f"{Path(cmake()).parent}:{os.environ['PATH']}"

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [cmake(), *map(str, arguments)]
        return subprocess.run(command, env=environment | {"PATH": path}, capture_output=True, text=True, check=False)

    configured = run("-S", NATIVE, "-B", build, *generator)
    assert configured.returncode == 0, configured.stderr
    assert "no C++ compiler; installing without the native engine" in " ".join(configured.stderr.split())
    for target in ((), ("--target", "gaq")):
        assert run("--build", build, *target).returncode == 0
    assert run("--install", build, "--prefix", prefix).returncode == 0
    assert list(prefix.rglob("libgaq*")) == []
