"""Trajectories: some frames of many, the last always; a frame that was being written is left out and said."""

from __future__ import annotations

import base64
import struct
import time

import numpy as np
import pytest
from ase.build import molecule
from ase.io.trajectory import Trajectory

from gaq.errors import BadFile
from gaq.report.movie import MOST_FRAMES, chosen, read_movie


def frame(step: int, x: float = 0.0, cell: bool = False) -> str:
    lattice = 'Lattice="9 0 0 0 9 0 0 0 9" pbc="T T T" ' if cell else ""
    head = f"{lattice}Properties=species:S:1:pos:R:3 time={0.5 * step}"
    return f"2\n{head}\nH {x} 0.0 0.0\nO {x + 0.97} 0.0 0.0\n"


def decoded(plain: dict) -> np.ndarray:
    kind = "<i2" if plain["bits"] == 16 else "<i4"
    codes = np.frombuffer(base64.b64decode(plain["positions"]), dtype=kind)
    return codes.reshape(plain["frames"], len(plain["symbols"]), 3) / 1000


def test_positions_and_times_come_back(tmp_path):
    (tmp_path / "a.xyz").write_text("".join(frame(n, 0.25 * n, cell=True) for n in range(3)))
    movie, notes = read_movie(tmp_path / "a.xyz", "a")
    plain = movie.plain()
    assert notes == []
    assert plain["symbols"] == ["H", "O"]
    assert plain["time"] == [0.0, 0.5, 1.0]
    assert np.diag(plain["cell"]).tolist() == [9.0, 9.0, 9.0]
    assert np.allclose(decoded(plain)[2], [[0.5, 0, 0], [1.47, 0, 0]], atol=5e-4)


def test_one_frame_is_a_movie(tmp_path):
    (tmp_path / "a.xyz").write_text(frame(0))
    assert read_movie(tmp_path / "a.xyz", "a")[0].plain()["frames"] == 1


def test_a_hundred_thousand_frames_are_thinned_quickly(tmp_path):
    (tmp_path / "a.xyz").write_text("".join(frame(n, 1e-4 * n) for n in range(100_000)))
    began = time.process_time()
    movie, _ = read_movie(tmp_path / "a.xyz", "a")
    assert movie.frames == 100_000
    assert len(movie.positions) == MOST_FRAMES
    assert movie.time[-1] == pytest.approx(0.5 * 99_999)
    assert len(movie.plain()["positions"]) < 20_000
    print(f"{time.process_time() - began:.1f} s")


def test_a_frame_that_was_being_written_is_left_out(tmp_path):
    for cut in (10, 40, 60, 70):
        (tmp_path / "a.xyz").write_text(frame(0) + frame(1) + frame(2)[:cut])
        movie, notes = read_movie(tmp_path / "a.xyz", "a")
        assert len(movie.positions) == 2
        assert notes == ["a.xyz: frame 2 is incomplete; skipped."]


def test_far_away_atoms_take_more_bits(tmp_path):
    (tmp_path / "a.xyz").write_text(frame(0, 100.0))
    plain = read_movie(tmp_path / "a.xyz", "a")[0].plain()
    assert plain["bits"] == 32
    assert decoded(plain)[0, 0, 0] == pytest.approx(100.0)


def test_positions_that_are_no_numbers_are_left_out(tmp_path):
    (tmp_path / "a.xyz").write_text(frame(0) + frame(1, float("nan")))
    movie, notes = read_movie(tmp_path / "a.xyz", "a")
    assert len(movie.positions) == 1
    assert "1 frames with positions that are no numbers" in notes[0]


@pytest.mark.parametrize("text", ["nonsense\n", "5\n", "\n"])
def test_no_frame_at_all(tmp_path, text):
    (tmp_path / "a.xyz").write_text(text)
    with pytest.raises(BadFile, match="no complete frame"):
        read_movie(tmp_path / "a.xyz", "a")


def test_ases_binary_format(tmp_path):
    from ase import Atoms
    from ase.io.trajectory import Trajectory

    with Trajectory(tmp_path / "a.traj", "w") as file:
        for n in range(5):
            file.write(Atoms("HO", positions=[[n, 0, 0], [n + 1, 0, 0]]))
    movie, _ = read_movie(tmp_path / "a.traj", "a")
    assert movie.frames == len(movie.positions) == 5
    (tmp_path / "b.traj").write_bytes(b"not ASE's")
    with pytest.raises(BadFile, match="cannot be read as a trajectory"):
        read_movie(tmp_path / "b.traj", "b")


def test_large_systems_keep_few_frames():
    assert chosen(1000, 10).tolist()[-1] == 999
    assert len(chosen(1000, 30_000)) == 10
    assert chosen(1000, 10_000_000).tolist() == [0]
    assert chosen(1, 5).tolist() == [0]


@pytest.mark.parametrize("count", ["9" * 18, "9" * 30, "-3", "1000", "9" * 5000])
@pytest.mark.timeout(20)
def test_a_damaged_count_ends_the_reading(tmp_path, count):
    (tmp_path / "a.xyz").write_text(frame(0) + f"{count}\n" + frame(1))
    movie, notes = read_movie(tmp_path / "a.xyz", "a")
    assert movie.frames == 1
    assert len(notes) == 1
    (tmp_path / "b.xyz").write_text(f"{count}\n" + frame(1))
    with pytest.raises(BadFile, match="no complete frame"):
        read_movie(tmp_path / "b.xyz", "b")


@pytest.mark.parametrize("place", [32, 40], ids=["frames", "table"])
@pytest.mark.parametrize("value", [2**62, 10**12, -1])
@pytest.mark.timeout(60)
def test_a_damaged_header_of_a_binary_trajectory_is_a_sentence(tmp_path, place, value):
    path = tmp_path / "a.traj"
    atoms = molecule("H2O")
    with Trajectory(path, "w") as writer:
        for _ in range(3):
            writer.write(atoms)
    with path.open("r+b") as stream:
        stream.seek(place)
        stream.write(struct.pack("<q", value))
    with pytest.raises(BadFile, match="a.traj"):
        read_movie(path, "a")
