"""Extended XYZ as people write it: the same numbers however it is spelled, and errors with the number of the line."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.data.read import read_dataset, read_structures
from gaq.errors import BadFile

PLAIN = (
    '2\nLattice="5 0 0 0 6 0 0 0 7" Properties=species:S:1:pos:R:3:forces:R:3 energy=-1.5 pbc="T T F"\n'
    "Cl 0.1 0 0 0 0 0.25\nH 0 0 1.3 0 0 -0.25\n"
)


def spelled(name: str) -> bytes:
    text = {
        "crlf": PLAIN.replace("\n", "\r\n"),
        "old macs": PLAIN.replace("\n", "\r"),
        "tabs": PLAIN.replace("Cl 0.1 0 0", "\tCl\t0.1\t0\t0"),
        "blank lines first": "\n  \n" + PLAIN,
        "blank lines after": PLAIN + "\n\n\n",
        "no last line feed": PLAIN.rstrip("\n"),
        "fortran": PLAIN.replace("0.25", "2.5D-1").replace("-1.5", "-0.15d+01").replace('"5 0', '"0.5D1 0'),
        "lower case": PLAIN.replace("Cl", "cl").replace("\nH", "\nh"),
        "upper case": PLAIN.replace("Cl", "CL"),
        "atomic numbers": PLAIN.replace("Cl", "17").replace("\nH", "\n1"),
        "keys": PLAIN.replace("Lattice", "lattice").replace("pbc", "PBC").replace("Properties", "properties"),
        "pbc in words": PLAIN.replace("T T F", "true True 0"),
        "commas": PLAIN.replace("5 0 0 0 6 0 0 0 7", "5, 0, 0, 0, 6, 0, 0, 0, 7"),
    }.get(name, PLAIN)
    if name == "utf-16":
        return text.encode("utf-16")
    return (b"\xef\xbb\xbf" if name == "byte order mark" else b"") + text.encode()


@pytest.mark.parametrize(
    "name",
    [
        *("byte order mark", "utf-16", "crlf", "old macs", "tabs", "blank lines first", "blank lines after"),
        *(
            "no last line feed",
            "fortran",
            "lower case",
            "upper case",
            "atomic numbers",
            "keys",
            "pbc in words",
            "commas",
        ),
    ],
)
def test_the_same_numbers(tmp_path, name):
    (tmp_path / "plain.xyz").write_text(PLAIN)
    (tmp_path / "a.xyz").write_bytes(spelled(name))
    expected, found = read_dataset(tmp_path / "plain.xyz"), read_dataset(tmp_path / "a.xyz")
    np.testing.assert_array_equal(found.structures[0].positions, expected.structures[0].positions)
    np.testing.assert_array_equal(found.structures[0].cell, expected.structures[0].cell)
    np.testing.assert_array_equal(found.structures[0].species, [17, 1])
    assert found.structures[0].periodic.tolist() == [True, True, False]
    np.testing.assert_array_equal(found.labels[0].forces, expected.labels[0].forces)
    assert found.labels[0].energy == -1.5


def test_no_frame_is_lost_behind_a_blank_line(tmp_path):
    (tmp_path / "a.xyz").write_text(PLAIN + "\n" + PLAIN + "\n\n" + PLAIN)
    assert len(read_structures(tmp_path / "a.xyz")) == 3
    assert len(read_structures(tmp_path / "a.xyz", 2)) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2\n", "two\n", r"line 1 is 'two'; expected the number of atoms"),
        ("2\n", "3\n", r"frame 0 \(line 1\) says 3 atoms, and the file ends after 2"),
        ("H 0 0 1.3 0 0 -0.25", "H 0 0 1.3", r"line 4 has 4 entries; expected 7"),
        ("Cl", "D", "line 3: 'D' is not the symbol of an element. Write H, and its mass"),
        ("Cl", "Cl1", "line 3: 'Cl1' is not the symbol"),
        ("5 0 0 0 6 0 0 0 7", "5 6 7", "line 2: Lattice has 3 numbers; expected nine"),
        ("T T F", "x y z", "line 2: pbc is 'x y z'; expected three of T and F"),
        ('Lattice="5 0 0 0 6 0 0 0 7"', 'cell="5 6 7"', "line 2: cell=... is no key of extended XYZ"),
        ("species:S:1:pos:R:3:forces:R:3", "species:S:1:pos:R", "Properties is 'species:S:1:pos:R'; expected"),
        ("H 0 0 1.3 0 0 -0.25\n", "H 0 0 1.3 0 0 -0.25\nVEC1 5 0 0\n", "line 5: a cell in VEC lines"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(tmp_path, old, new, message):
    assert old in PLAIN
    (tmp_path / "a.xyz").write_text(PLAIN.replace(old, new, 1))
    with pytest.raises(BadFile, match=message):
        read_dataset(tmp_path / "a.xyz")
