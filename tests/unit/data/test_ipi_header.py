"""Frames as i-PI writes them: the cell is read, in its units, and nothing is assumed."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule

from gaq.data.ipi_header import ipi_header
from gaq.data.read import read_structures
from gaq.errors import BadFile
from gaq.units import BOHR


def written(folder, header: str, scale: float = 1.0):
    atoms = molecule("CH3CH2OH")
    lines = [
        f"{s} {x:.12f} {y:.12f} {z:.12f}" for s, (x, y, z) in zip(atoms.symbols, scale * atoms.positions, strict=True)
    ]
    path = folder / "init.xyz"
    path.write_text("\n".join([str(len(atoms)), header, *lines]) + "\n")
    return path


HEADERS = {
    "angstrom": (
        "# CELL(abcABC): 12.0 13.0 14.0 90.0 90.0 90.0 Step: 0 Bead: 0 positions{angstrom} cell{angstrom}",
        1.0,
    ),
    "atomic units": (
        f"# CELL(abcABC): {12 / BOHR} {13 / BOHR} {14 / BOHR} 90 90 90 positions{{atomic_unit}} cell{{atomic_unit}}",
        1 / BOHR,
    ),
    "mixed": (f"# CELL(abcABC): {12 / BOHR} {13 / BOHR} {14 / BOHR} 90 90 90 positions{{angstrom}} cell{{bohr}}", 1.0),
    "bead first": ("# bead: 0 CELL(abcABC): 12 13 14 90 90 90  x_centroid{nanometer} cell{angstrom}", 0.1),
    "matrix": ("# CELL{H}: 12 0 0 0 13 0 0 0 14 positions{angstrom}  cell{angstrom}", 1.0),
}


@pytest.mark.parametrize("name", HEADERS)
def test_cell_and_positions_are_in_angstrom(tmp_path, name):
    header, scale = HEADERS[name]
    (structure,) = read_structures(written(tmp_path, header, scale), 1)
    assert structure.periodic.all()
    assert np.allclose(structure.cell, np.diag([12, 13, 14]), atol=1e-9)
    assert np.allclose(structure.positions, molecule("CH3CH2OH").positions, atol=1e-9)


def test_vectors_of_a_matrix_are_its_columns(tmp_path):
    """i-PI's cells are upper triangular, with the first vector along x."""
    header = "# CELL{H}: 12 1 2 0 13 3 0 0 14 positions{angstrom} cell{angstrom}"
    (structure,) = read_structures(written(tmp_path, header), 1)
    assert structure.cell.tolist() == [[12, 0, 0], [1, 13, 0], [2, 3, 14]]


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("# CELL(abcABC): 12 13 14 90 90 90", "no unit of the cell"),
        ("# CELL(abcABC): 12 13 14 90 90 90 cell{angstrom}", "no unit of positions"),
        ("# CELL(abcABC): 12 13 14 90 90 90 positions{parsec} cell{angstrom}", "'parsec' is no unit"),
        ("# CELL(abcABC): 12 13 14 90 90 positions{angstrom} cell{angstrom}", "has 5 numbers; expected 6"),
        ("# CELL(H): 12 13 14 90 90 90 positions{angstrom} cell{angstrom}", "has 6 numbers; expected 9"),
        ("# CELL(abcABC): 12 13 e 90 90 90 positions{angstrom} cell{angstrom}", "expected 6"),
        ("# CELL(abcABC): 12 13 14 90 90 90 forces{atomic_unit} cell{angstrom}", "i-PI wrote forces here"),
    ],
)
def test_what_is_not_said_is_not_assumed(tmp_path, header, text):
    with pytest.raises(BadFile, match=r"init\.xyz, line 2") as caught:
        read_structures(written(tmp_path, header), 1)
    assert text in str(caught.value)


def test_other_lines_are_none_of_its_own():
    for line in ("", "ethanol", 'Lattice="1 0 0 0 1 0 0 0 1" pbc="T T T"', "CELL", "config{a}"):
        assert ipi_header(line, "x") is None
