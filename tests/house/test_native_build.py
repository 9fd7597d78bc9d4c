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


def test_every_file_is_compiled_as_the_scheme_demands():
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


def configure(build: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run CMake on the engine, without the compilers that this process knows of."""
    path = f"{Path(cmake()).parent}:{os.environ['PATH']}"
    known = {name: value for name, value in os.environ.items() if name not in ("CXX", "CC")}
    generator = ["-G", "Ninja"] if shutil.which("ninja", path=path) else []
    command = [cmake(), "-S", str(NATIVE), "-B", str(build), *generator, *options]
    return subprocess.run(
        command, env={**known, "PATH": path, **environment}, capture_output=True, text=True, check=False
    )


def test_without_a_compiler_it_fails_and_says_what_to_install(tmp_path):
    configured = configure(tmp_path / "build", CXX="no-such-compiler")
    assert configured.returncode != 0
    said = " ".join(configured.stderr.split())
    assert "there is no C++ compiler, so the native engine cannot be built" in said
    assert "apt-get install g++" in said
    assert "GAQ_NATIVE=OFF pip install ." in said


def test_an_old_compiler_is_named(tmp_path):
    """A compiler that has no C++17 is there, and still does not do."""
    real = shutil.which("c++") or pytest.skip("needs a compiler")
    old = tmp_path / "c++"
    old.write_text(f'#!/bin/sh\ncase "$*" in *-std=*17*|*-std=*2?*) exit 1;; esac\nexec {real} "$@"\n')
    old.chmod(0o755)
    configured = configure(tmp_path / "build", "-DCMAKE_CXX_COMPILE_FEATURES=cxx_std_11", CXX=str(old))
    assert configured.returncode != 0
    assert "is not GCC or Clang with C++17, so the native engine" in " ".join(configured.stderr.split())


def test_without_the_engine_nothing_is_built_and_nothing_fails(tmp_path):
    build, prefix = tmp_path / "build", tmp_path / "prefix"
    configured = configure(build, "-DGAQ_NATIVE=OFF", CXX="no-such-compiler")
    assert configured.returncode == 0, configured.stderr
    for step in (("--build", build), ("--build", build, "--target", "gaq"), ("--install", build, "--prefix", prefix)):
        path = {"PATH": f"{Path(cmake()).parent}:{os.environ['PATH']}"}
        assert subprocess.run([cmake(), *map(str, step)], env={**os.environ, **path}, check=False).returncode == 0
    assert list(prefix.rglob("libgaq*")) == []
