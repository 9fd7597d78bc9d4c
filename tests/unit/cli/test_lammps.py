"""gaq lammps: what it prints, and how it leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from built import native_library
from gaq.cli import doctor
from gaq.cli.lammps import instructions
from gaq.cli.main import outcome
from gaq.engine import lammps
from gaq.errors import NotAvailable


@pytest.fixture
def version() -> str:
    """Of LAMMPS beside gaq, or no test."""
    native_library()
    try:
        lammps._compiler()
        return lammps.installed_lammps().version
    except NotAvailable as missing:
        pytest.skip(f"needs LAMMPS: {missing}")


def words(text: str) -> str:
    return "".join(text.split())


def test_it_builds_says_where_and_how(version, tmp_path, capsys):
    assert outcome(["lammps", "--out", str(tmp_path)]) == 0
    assert "not built yet. Build it with: gaq lammps --build" in capsys.readouterr().out
    assert outcome(["lammps", "--build", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    plugin = tmp_path / lammps.PLUGIN
    assert plugin.is_file()
    assert f"LAMMPS {version}" in said
    assert f"plugin load {plugin}\n" in said
    assert "pair_coeff * * model.gaq C H O" in said
    assert words(f"{plugin} (built)") in words(said)
    assert outcome(["lammps", "--out", str(tmp_path)]) == 0
    assert words(f"{plugin} (up to date)") in words(capsys.readouterr().out)
    (tmp_path / lammps.RECORD).write_text("of another time")
    assert outcome(["lammps", "--out", str(tmp_path)]) == 0
    assert words("(old: gaq lammps --build)") in words(capsys.readouterr().out)


def test_programs_of_the_instructions_are_there(version):
    shell = [line for about, lines in instructions(Path("p.so")) for line in lines if " -in " in line]
    assert len(shell) == 2
    assert [word for line in shell for word in line.split() if "/" in word and not Path(word).is_file()] == []


def test_without_lammps_it_leaves_with_2_and_a_sentence(monkeypatch, capsys):
    def missing() -> None:
        raise NotAvailable("LAMMPS is not installed in this environment. Install it.")

    monkeypatch.setattr(lammps, "installed_lammps", missing)
    assert outcome(["lammps", "--build"]) == 2
    assert capsys.readouterr().err.startswith("NotAvailable: LAMMPS is not installed")
    (finding,) = doctor.lammps_plugin()
    assert finding.fine is None
    assert "LAMMPS is not installed" in finding.value


def test_the_doctor_knows_whether_the_plugin_is_there(version, monkeypatch, tmp_path):
    monkeypatch.setattr(lammps, "plugin_path", lambda: tmp_path / lammps.PLUGIN)
    found = {finding.item: finding.value for finding in doctor.lammps_plugin()}
    assert version in found["engine lammps"]
    assert found["lammps plugin"] == "not built: gaq lammps --build"
    (tmp_path / lammps.PLUGIN).write_text("old")
    found = {finding.item: finding.value for finding in doctor.lammps_plugin()}
    assert found["lammps plugin"] == "old: gaq lammps --build"
