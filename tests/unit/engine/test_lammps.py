"""The plugin for LAMMPS: what it is made of, when it is made again, and what is said where something is missing."""

from __future__ import annotations

import importlib.metadata
import os
import re

import pytest
from ase.data import atomic_masses, chemical_symbols

from built import REPOSITORY, native_library
from gaq.engine import lammps
from gaq.errors import BadFile, NotAvailable


@pytest.fixture
def here() -> lammps.Installed:
    """LAMMPS beside gaq, or no test."""
    native_library()
    try:
        lammps._compiler()
        return lammps.installed_lammps()
    except NotAvailable as missing:
        pytest.skip(f"needs LAMMPS: {missing}")


def without(monkeypatch, *names: str) -> None:
    """As if packages of these names were not installed."""
    version = importlib.metadata.version

    def of_those_left(name: str) -> str:
        if name in names:
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", of_those_left)


def test_the_table_of_elements_is_that_of_ase():
    header = (REPOSITORY / "native" / "lammps" / "elements.h").read_text(encoding="utf-8")
    symbols, weights = (header.partition(f"{name}[] = {{")[2].partition("}")[0] for name in ("symbols", "weights"))
    assert re.findall(r'"(\w+)"', symbols) == list(chemical_symbols[1:])
    assert [float(w) for w in weights.split(",")] == pytest.approx(atomic_masses[1:].tolist(), rel=1e-5)


def test_a_version_is_a_date():
    assert lammps._number("2025.7.22.4.0") == 20250722
    assert lammps._number("2024.12.1") == 20241201
    with pytest.raises(NotAvailable, match="has version dev; expected a date"):
        lammps._number("dev")


def test_what_is_installed_is_found(here):
    assert (here.headers / "pair.h").is_file()
    assert (here.mpi_headers / "mpi.h").is_file()
    assert here.library.is_file()
    assert here.number > 20200101
    assert not here.old_strings


@pytest.mark.parametrize(("missing", "sentence"), [("lammps", "LAMMPS is not installed"), ("mpich", "without its MPI")])
def test_what_is_missing_is_named_with_the_command_that_installs_it(here, monkeypatch, missing, sentence):
    without(monkeypatch, missing)
    with pytest.raises(NotAvailable, match=rf"{sentence}.*pip install .*'\.\[lammps\]'"):
        lammps.build_plugin()


def test_without_a_compiler(here, monkeypatch, tmp_path):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotAvailable, match=r"C\+\+17 compiler.*apt-get install g\+\+"):
        lammps.build_plugin(tmp_path)
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(NotAvailable, match="CXX=no-such-compiler is not a program"):
        lammps.build_plugin(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_compiler_that_fails_leaves_the_old_plugin(here, monkeypatch, tmp_path):
    (tmp_path / lammps.PLUGIN).write_text("old")
    compiler = tmp_path / "compiler"
    compiler.write_text("#!/bin/sh\necho 'plugin.cpp:1: error: no such thing' >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    with pytest.raises(NotAvailable, match="does not compile: plugin.cpp:1: error: no such thing"):
        lammps.build_plugin(tmp_path)
    compiler.write_text("#!/bin/sh\necho 'fatal error: No space left on device' >&2\nexit 1\n")
    with pytest.raises(BadFile, match="no space left on the disk"):
        lammps.build_plugin(tmp_path)
    assert (tmp_path / lammps.PLUGIN).read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["compiler", lammps.PLUGIN]


@pytest.mark.long
def test_it_is_built_once_and_again_when_something_changed(here, tmp_path):
    path, new = lammps.build_plugin(tmp_path)
    assert new
    assert path == tmp_path / lammps.PLUGIN
    assert path.stat().st_size > 10_000
    before = path.stat().st_mtime_ns
    assert lammps.build_plugin(tmp_path) == (path, False)
    assert path.stat().st_mtime_ns == before
    record = tmp_path / lammps.RECORD
    record.write_text(record.read_text().replace(f"lammps {here.version}", "lammps 2024.8.29"))
    assert not lammps.is_current(path)
    assert lammps.build_plugin(tmp_path) == (path, True)
    assert lammps.is_current(path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([lammps.PLUGIN, lammps.RECORD])


def test_an_installation_without_sources_says_so(here, monkeypatch, tmp_path):
    library = tmp_path / "gaq" / "engine" / "libgaq.so"
    library.parent.mkdir(parents=True)
    os.symlink(native_library(), library)
    monkeypatch.setattr(lammps._library, "find_library", lambda: library)
    with pytest.raises(NotAvailable, match="no sources of the plugin"):
        lammps.plugin_sources()
