"""Labelling: reproducible, independent of the number of processes, exact after an interruption."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaq.data.label import command, label, partial_files
from gaq.data.molecules import find_molecule
from gaq.data.partial import LabelProgress, Settings, save_progress
from gaq.data.read import read_dataset
from gaq.data.replica import Stretch, make_stretch
from gaq.errors import BadFile, Diverged, NotAvailable, UsageError
from gaq.farm.local import LocalFarm


@pytest.fixture
def settings() -> Settings:
    water = find_molecule("water").structure
    return Settings(
        molecule="water",
        species=tuple(water.species.tolist()),
        positions=tuple(tuple(row) for row in water.positions.tolist()),
        method="gfn2-xtb",
        temperature=300.0,
        frames=3,
        interval=4,
        timestep=0.5,
        equilibration=4.0,
        seed=1,
        replicas=2,
        charge=0,
        multiplicity=1,
    )


@pytest.mark.parametrize("name", ["a.xyz", "a.npz"])
def test_the_result_does_not_depend_on_the_workers(settings, tmp_path, name):
    counts: list[int] = []
    for folder, workers in (("one", 1), ("two", 2)):
        with LocalFarm(workers) as farm:
            assert label(settings, tmp_path / folder / name, farm, progress=counts.append) == 3
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert counts[-1] == 3
    assert [p.name for p in (tmp_path / "one").iterdir()] == [name]
    data = read_dataset(tmp_path / "one" / name)
    assert (len(data), len(data.structures[0])) == (3, 3)
    assert not np.allclose(data.structures[0].positions, data.structures[2].positions, atol=1e-3)


def test_the_seed_and_the_temperature_decide(settings):
    def positions(changed: Settings) -> np.ndarray:
        return make_stretch(changed, Stretch(0, None, 2, 60.0)).frames[-1][0]

    assert not np.allclose(positions(settings), positions(replace(settings, seed=2)))
    assert not np.allclose(positions(settings), positions(replace(settings, temperature=900.0)))


def in_short_stretches(settings: Settings, wanted: int) -> LabelProgress:
    """Frames of replica 0, made one at a time."""
    made = make_stretch(settings, Stretch(0, None, wanted, 0.0))
    while len(made.frames) < wanted:
        start, left = replace(made, frames=()), wanted - len(made.frames)
        more = make_stretch(settings, Stretch(0, start, left, 0.0))
        made = replace(more, frames=made.frames + more.frames)
    return made


def test_going_on_is_exact(settings):
    settings = replace(settings, frames=6, replicas=1)
    one = make_stretch(settings, Stretch(0, None, 6, 60.0))
    other = in_short_stretches(settings, 6)
    assert len(one.frames) == len(other.frames) == 6
    assert one.random_state == other.random_state
    for (x, e, f), (y, d, g) in zip(one.frames, other.frames, strict=True):
        np.testing.assert_array_equal(x, y)
        np.testing.assert_array_equal(f, g)
        assert e == d


def test_resume_from_partial_files(settings, tmp_path):
    label(settings, tmp_path / "whole.xyz")
    output = tmp_path / "parts.xyz"
    first = partial_files(output, 2)[0]
    save_progress(first, in_short_stretches(settings, 1), settings)
    with pytest.raises(UsageError, match="unfinished run. Set `resume`"):
        label(settings, output)
    with pytest.raises(UsageError, match=r"other settings: seed 1 then, 2 now"):
        label(replace(settings, seed=2), output, resume=True)
    assert label(replace(settings, molecule="renamed.xyz"), output, resume=True) == 3
    output.write_bytes(output.read_bytes().replace(b"renamed.xyz", settings.molecule.encode()))
    assert output.read_bytes() == (tmp_path / "whole.xyz").read_bytes()
    assert not first.exists()


def test_a_damaged_partial_file(settings, tmp_path):
    output = tmp_path / "a.xyz"
    partial_files(output, 2)[1].write_bytes(b"PK not an archive")
    with pytest.raises(BadFile, match="Delete it and start again without `resume`"):
        label(settings, output, resume=True)


def test_labels_are_the_methods_own(settings, tmp_path):
    from tblite.ase import TBLite

    from gaq.atoms.from_ase import to_ase

    label(settings, tmp_path / "a.npz")
    data = read_dataset(tmp_path / "a.npz")
    atoms = to_ase(data.structures[1])
    atoms.calc = TBLite(method="GFN2-xTB", accuracy=0.01, verbosity=0)
    assert atoms.get_potential_energy() == pytest.approx(data.labels[1].energy, abs=1e-7)
    np.testing.assert_allclose(atoms.get_forces(), data.labels[1].forces, atol=1e-6)
    atoms.calc = TBLite(method="GFN1-xTB", accuracy=0.01, verbosity=0)
    assert abs(atoms.get_potential_energy() - data.labels[1].energy) > 1


def test_the_command_is_written_into_the_file(settings, tmp_path):
    label(settings, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as archive:
        text = str(archive["origin"])
    assert text.startswith(command(settings))
    assert "--seed 1" in text
    assert "tblite " in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": "gfn2"}, "no method 'gfn2'.*Did you mean 'gfn2-xtb'"),
        ({"frames": 0}, "`frames` 0"),
        ({"interval": 0}, "`interval` 0"),
        ({"timestep": 0.0}, "`timestep` 0"),
        ({"temperature": -1.0}, "`temperature` -1"),
        ({"equilibration": -1.0}, "`equilibration` -1"),
        ({"replicas": 4}, "`replicas` 4"),
        ({"seed": -1}, "`seed` -1"),
        ({"multiplicity": 2}, "10 electrons, which cannot have multiplicity 2"),
        ({"charge": 1}, "9 electrons, which cannot have multiplicity 1"),
    ],
)
def test_settings_that_make_no_sense(settings, tmp_path, change, words):
    with pytest.raises(UsageError, match=words):
        label(replace(settings, **change), tmp_path / "a.xyz")


def test_the_output(settings, tmp_path):
    with pytest.raises(UsageError, match="ends in .xyz, .extxyz, .npz"):
        label(settings, tmp_path / "a.txt")
    (tmp_path / "a.xyz").write_text("mine")
    with pytest.raises(UsageError, match="exists. Choose another name, or set `overwrite`"):
        label(settings, tmp_path / "a.xyz")
    assert label(settings, tmp_path / "a.xyz", overwrite=True) == 3
    (tmp_path / "file").touch()
    with pytest.raises(BadFile, match="is a file; a folder"):
        label(settings, tmp_path / "file" / "a.xyz")


def test_a_failure_in_a_worker_is_explained(settings, tmp_path):
    apart = replace(settings, positions=((0.0, 0.0, 0.0), (0.0, 0.0, 1e-9), (0.0, 1e-9, 0.0)))
    with pytest.raises(Diverged, match="water"), LocalFarm(2) as farm:
        label(apart, tmp_path / "a.xyz", farm)
    assert not (tmp_path / "a.xyz").exists()


def test_without_tblite(settings, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NotAvailable, match=r"pip install .*'\.\[label\]'"):
        label(settings, tmp_path / "a.xyz")
