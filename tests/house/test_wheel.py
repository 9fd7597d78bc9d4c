"""What a wheel of gaq and its sources hold, and what pip says where it cannot be built."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from fresh.tree import copy_tree
from packaging.requirements import Requirement

from gaq.train.config import shipped_configs
from gaq.version import __version__

pytest.importorskip("scikit_build_core", reason="needs scikit-build-core; `make setup` installs it")


def build(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `pip wheel` on a copy of the project, without the compilers and settings that this process knows of."""
    copy = copy_tree(folder / "gaq")
    known = {name: value for name, value in os.environ.items() if name not in ("CXX", "CC", "GAQ_NATIVE")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "-w", str(folder), str(copy)]
    return subprocess.run(
        command, env={**known, "PATH": path, **environment}, capture_output=True, text=True, check=False
    )


def test_a_wheel_holds_data_configurations_and_sources_of_the_plugin(tmp_path):
    made = build(tmp_path, GAQ_NATIVE="OFF", CXX="no-such-compiler")
    assert made.returncode == 0, made.stdout + made.stderr
    (wheel,) = tmp_path.glob("gaq-*.whl")
    archive = zipfile.ZipFile(wheel)
    names = set(archive.namelist())
    assert {f"gaq/train/configs/{name}.toml" for name in shipped_configs()} <= names
    assert any(name.startswith("gaq/data/embedded/") for name in names)
    assert [name for name in names if name.startswith(("configs", "tools", "tests", "models"))] == []
    said = email.message_from_bytes(archive.read(f"gaq-{__version__}.dist-info/METADATA"))
    assert said["Version"] == __version__
    assert runtime(said.get_all("Requires-Dist")) == {"numpy", "scipy", "ase", "typer", "rich"}
    assert {"train", "demo"} <= set(said.get_all("Provides-Extra"))
    # Python reaches the engine by ctypes: one wheel serves every version.
    assert wheel.name.startswith(f"gaq-{__version__}-py3-none-")


def runtime(required: list[str]) -> set[str]:
    """The distributions that are installed when no extra is asked for."""
    found = [Requirement(line) for line in required]
    return {one.name for one in found if one.marker is None or one.marker.evaluate({"extra": ""})}


def test_a_dependency_without_an_extra_would_be_seen():
    assert runtime(["torch>=2", "a; extra == 'b'", "c; python_version > '3'"]) == {"torch", "c"}


def test_sources_hold_what_building_reads_and_nothing_heavy(tmp_path):
    code = "import sys; from scikit_build_core.build import build_sdist; build_sdist(sys.argv[1])"
    copy = copy_tree(tmp_path / "gaq")
    made = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=copy, capture_output=True, check=False)
    assert made.returncode == 0, made.stderr
    (sources,) = tmp_path.glob("gaq-*.tar.gz")
    assert sources.stat().st_size < 2e6
    with tarfile.open(sources) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = [
        path.relative_to(copy)
        for folder in ("src", "native/src", "native/cmake")
        for path in (copy / folder).rglob("*")
    ]
    assert {str(path) for path in needed if (copy / path).is_file()} <= names
    assert {"pyproject.toml", "LICENSE", "README.md", "native/CMakeLists.txt", "native/include/gaq.h"} <= names
    assert {name.partition("/")[0] for name in names} & {"models", "tests", "benchmarks", "docs", "runs"} == set()


def test_pip_says_what_is_missing_where_there_is_no_compiler(tmp_path):
    made = build(tmp_path, CXX="no-such-compiler")
    assert made.returncode != 0
    said = " ".join((made.stdout + made.stderr).split())
    assert "there is no C++ compiler, so the native engine cannot be built" in said
    assert "apt-get install g++" in said
    assert list(tmp_path.glob("gaq-*.whl")) == []
