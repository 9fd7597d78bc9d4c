"""A checkpoint gives back every bit, and refuses what is not one or belongs to another run."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from gaq.errors import BadFile, UsageError
from gaq.simulate.checkpoint import RunCheckpoint, check_same, load, save
from gaq.simulate.integrate import start
from unit.measure import planted


def test_every_bit_comes_back(tmp_path):
    state = start(planted.PairEngine(), planted.ethanol(), 300.0)
    marks = {"bytes": 2**40, "frames": 3, "table": 48}
    save(tmp_path / "run.state", RunCheckpoint(state, planted.ethanol().positions, marks, {"bytes": 1}, {"dt": 0.1}))
    found = load(tmp_path / "run.state")
    assert (found.trajectory, found.log, found.settings) == (marks, {"bytes": 1}, {"dt": 0.1})
    for one, two in (
        (found.state.structure.positions, state.structure.positions),
        (found.state.structure.species, state.structure.species),
        (found.state.velocities, state.velocities),
        (found.state.forces, state.forces),
        (found.state.masses, state.masses),
        (found.first, planted.ethanol().positions),
    ):
        assert np.array_equal(one, two)
    assert (found.state.energy, found.state.step, found.state.heat) == (state.energy, 0, 0.0)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text"])
def test_what_is_no_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "run.state").write_bytes(content)
    with pytest.raises(BadFile, match=r"run\.state"):
        load(tmp_path / "run.state")


def test_arrays_of_something_else_are_refused(tmp_path):
    with (tmp_path / "run.state").open("wb") as stream:
        np.savez(stream, positions=np.zeros(3))
    with pytest.raises(BadFile, match="not the checkpoint"):
        load(tmp_path / "run.state")


def test_what_was_told_must_be_the_same(tmp_path):
    settings = {"dt": 0.5, "seed": 1}
    check_same(tmp_path / "s", settings, dict(settings))
    with pytest.raises(UsageError, match=r"dt was 0\.5 and is 0\.25; seed was 1 and is 2"):
        check_same(tmp_path / "s", settings, {"dt": 0.25, "seed": 2})


def a_checkpoint(tmp_path, **changes):
    """A sound file, in which arrays, and entries of its description, are replaced; None removes one."""
    path = tmp_path / "run.state"
    first = planted.ethanol()
    save(
        path, RunCheckpoint(start(planted.PairEngine(), first, 300.0), first.positions, {"bytes": 9}, {"bytes": 1}, {})
    )
    with np.load(path) as held:
        arrays = dict(held)
    about = json.loads(str(arrays["about"]))
    for name, value in changes.items():
        if name in arrays:
            arrays[name] = value(arrays[name]) if callable(value) else value
        else:
            about[name] = value
    if "about" not in changes:
        arrays["about"] = np.array(json.dumps({k: v for k, v in about.items() if v is not None}))
    with path.open("wb") as stream:
        np.savez(stream, **{name: value for name, value in arrays.items() if value is not None})
    return path


def test_the_way_of_damaging_is_sound(tmp_path):
    assert load(a_checkpoint(tmp_path)).state.step == 0


DAMAGED = {
    "one force": {"forces": np.zeros((1, 3))}, "many forces": {"forces": np.zeros((10, 3))},
    "forces in a row": {"forces": np.zeros(27)}, "transposed": {"velocities": np.zeros((3, 9))},
    "single precision": {"velocities": lambda a: a.astype(np.float32)},
    "big endian": {"positions": lambda a: a.astype(">f8")}, "complex": {"forces": lambda a: a.astype(complex)},
    "text": {"masses": np.array(["H"] * 9)}, "no masses": {"masses": np.zeros(0)}, "scalar": {"masses": np.array(1.0)},
    "massless": {"masses": np.zeros(9)}, "negative mass": {"masses": lambda a: -a},
    "infinite mass": {"masses": np.full(9, np.inf)}, "NaN": {"positions": lambda a: a * np.nan},
    "no atoms": {"species": np.zeros(0, np.int64)}, "species of two axes": {"species": np.zeros((9, 1), np.int64)},
    "small integers": {"species": lambda a: a.astype(np.int32)}, "no element": {"species": lambda a: a - 1},
    "heavy": {"species": lambda a: a * 0 + 2**40}, "cell": {"cell": np.zeros((2, 3))},
    "periodic without volume": {"periodic": np.ones(3, bool)}, "periodic numbers": {"periodic": np.zeros(3)},
    "fixed and moving": {"fixed": np.ones(9, bool)}, "fixed numbers": {"fixed": np.zeros(9)},
    "first of fewer": {"first": np.zeros((8, 3))}, "in one place": {"positions": lambda a: a * 0},
    "missing": {"velocities": None}, "objects": {"species": np.array([None] * 9)},
    "energy null": {"energy": None}, "energy text": {"energy": "low"}, "energy list": {"energy": [1.0]},
    "energy NaN": {"energy": float("nan")}, "energy true": {"energy": True}, "heat": {"heat": None},
    "step real": {"step": 0.5}, "step negative": {"step": -1}, "step huge": {"step": 10**30},
    "step true": {"step": True},
    "mark": {"trajectory": {"frames": 1}}, "mark negative": {"log": {"bytes": -1}}, "mark list": {"log": [1]},
    "mark text": {"log": {"bytes": "9"}}, "told": {"told": [1]}, "format": {"format": "gaq-dynamics-9"},
    "format number": {"format": 2}, "description bytes": {"about": np.array(b"{}")},
    "description list": {"about": np.array(["{}", "{}"])}, "description deep": {"about": np.array("[" * 100_000)},
    "description number": {"about": np.array("1")}, "no JSON": {"about": np.array("{")},
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged_is_refused(tmp_path, name):
    with pytest.raises(BadFile, match=r"run\.state"):
        load(a_checkpoint(tmp_path, **DAMAGED[name]))


def test_a_header_that_claims_a_hundred_gigabytes(tmp_path):
    path = a_checkpoint(tmp_path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (5_000_000_000, 3)})
    members["forces.npy"] = header.getvalue() + bytes(24)
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    with pytest.raises(BadFile, match="forces claims"):
        load(path)


def test_one_of_an_earlier_version_is_named(tmp_path):
    with pytest.raises(BadFile, match="of an earlier version of gaq"):
        load(a_checkpoint(tmp_path, format="gaq-dynamics-1"))


def test_fixed_atoms_and_masses_come_back(tmp_path):
    first, fixed = planted.ethanol(), np.arange(9) == 2
    masses = np.linspace(1, 9, 9)
    state = start(planted.PairEngine(), first, 300.0, masses=masses, fixed=fixed)
    save(tmp_path / "run.state", RunCheckpoint(state, first.positions, {"bytes": 0}, {"bytes": 0}, {}))
    found = load(tmp_path / "run.state").state
    assert found.fixed.tolist() == fixed.tolist()
    assert found.masses.tolist() == masses.tolist()
