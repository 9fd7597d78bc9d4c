"""What is in a file and not used is named."""

from __future__ import annotations

from gaq.data.read import read_dataset


def test_labels_that_are_not_used_are_named(write_xyz):
    path = write_xyz(frames=2)
    given = 'dipole="0 0 1" my_weight=3 free_energy=-1.0 energy='
    path.write_text(path.read_text().replace("energy=", given).replace("forces:R:3", "forces:R:3:magmoms:R:1"))
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line + " 0.5" if len(line.split()) == 7 and "=" not in line else line for line in lines))
    told = " | ".join(read_dataset(path).remarks)
    assert "labels: energy, forces" in told
    assert "in the file and not used: dipole, magmoms, my_weight" in told
    assert "free_energy is there too" in told


def test_nothing_is_said_of_a_plain_file(write_xyz):
    assert read_dataset(write_xyz(frames=2)).remarks == ("labels: energy, forces",)


def test_mixed_periodicity_is_told(write_xyz):
    path = write_xyz(frames=2)
    path.write_text(path.read_text().replace('pbc="F F F"', 'Lattice="20 0 0 0 20 0 0 0 20"', 1))
    told = " | ".join(read_dataset(path).remarks)
    assert "1 frames give a lattice without pbc" in told
    assert "periodicity differs between frames: pbc FFF, TTT" in told
