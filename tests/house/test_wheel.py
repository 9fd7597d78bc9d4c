"""What a wheel of gaq holds, and what pip says where it cannot be built."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fresh.tree import copy_tree

from gaq.train.config import shipped_configs

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
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"gaq/train/configs/{name}.toml" for name in shipped_configs()} <= names
    assert any(name.startswith("gaq/data/embedded/") for name in names)
    assert [name for name in names if name.startswith(("configs", "tools", "tests", "models"))] == []


def test_pip_says_what_is_missing_where_there_is_no_compiler(tmp_path):
    made = build(tmp_path, CXX="no-such-compiler")
    assert made.returncode != 0
    said = " ".join((made.stdout + made.stderr).split())
    assert "there is no C++ compiler, so the native engine cannot be built" in said
    assert "apt-get install g++" in said
    assert list(tmp_path.glob("gaq-*.whl")) == []
