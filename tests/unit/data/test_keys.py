"""Energies and forces of one family of names, per file."""

from __future__ import annotations

import pytest

from gaq.data.read import read_dataset
from gaq.errors import BadLabels, UsageError


def frame(info: str, columns: str = "forces:R:3", rows: int = 1) -> str:
    numbers = " ".join(["0 0 0.5"] * rows), " ".join(["0 0 -0.5"] * rows)
    return (
        f'2\nProperties=species:S:1:pos:R:3:{columns} {info} pbc="F F F"\n'
        f"H 0 0 0 {numbers[0]}\nH 0 0 0.9 {numbers[1]}\n"
    )


BOTH = "forces:R:3:REF_forces:R:3"


def test_a_complete_reference_wins_and_the_rest_is_named(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text(frame("REF_energy=-31.9 energy=-26.0", BOTH, 2))
    data = read_dataset(path)
    assert data.labels[0].energy == -31.9
    assert "in the file and not used: energy, forces" in data.remarks
    assert read_dataset(path, labels="plain").labels[0].energy == -26.0
    assert read_dataset(path, labels="energy,REF_forces").labels[0].energy == -26.0


@pytest.mark.parametrize(
    "text",
    [
        frame("REF_energy=-31.9 energy=-26.0"),
        frame("REF_energy=-31.9"),
        frame("energy=-26.0", "REF_forces:R:3"),
        frame("dft_energy=-31.9 energy=-26.0", "forces:R:3:dft_forces:R:3", 2),
        frame("energy=-26.0") + frame("REF_energy=-31.9", "REF_forces:R:3"),
    ],
)
def test_two_families_are_refused_with_the_choice(tmp_path, text):
    path = tmp_path / "a.xyz"
    path.write_text(text)
    if text.count("REF_forces") == 1 and text.count("REF_energy") == 1:  # a complete family, but not in each frame
        with pytest.raises(BadLabels, match="structure 0 has no energy.*energy: another family"):
            read_dataset(path)
        return
    with pytest.raises(BadLabels, match="labels of several families.*Choose the family|name the two entries"):
        read_dataset(path)


def test_one_name_for_all_frames_of_a_file(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text(frame("energy=-26.0") + frame("U0=-31.9"))
    with pytest.raises(BadLabels, match=r"structure 1 has no energy. Looked for energy; found .*U0: another family"):
        read_dataset(path)


@pytest.mark.parametrize("wanted", ["REF_", "mp2_", "energy,mp2_forces", "nothing,forces"])
def test_a_family_that_is_not_there(tmp_path, wanted):
    path = tmp_path / "a.xyz"
    path.write_text(frame("energy=-26.0"))
    with pytest.raises(UsageError, match="has no .*found .*energy.*forces"):
        read_dataset(path, labels=wanted)
    with pytest.raises(UsageError, match="an npz"):
        read_dataset("embedded", labels="REF_")
