"""The engine's neighbour list is that of vesin, a library of other authors, for boxes of any shape."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from built import REPOSITORY
from gaq.atoms.structure import Structure

vesin = pytest.importorskip("vesin", reason="needs vesin; it is in the `dev` extra")
PROGRAM = Path(os.environ.get("GAQ_NATIVE_BUILD", REPOSITORY / "build" / "native")) / "print_neighbors"
if not PROGRAM.is_file():
    pytest.skip(
        f"needs {PROGRAM.name}; `make native` builds it where there is a C++17 compiler", allow_module_level=True
    )

CUTOFF, SKIN = 4.5, 0.5
BORDER = 1e-9  # Å; closer than this to the reach, rounding decides
TRICLINIC = np.array([[5.1, 0.0, 0.0], [1.9, 4.7, 0.0], [-1.3, 0.8, 5.6]])
ALL, NONE = (True, True, True), (False, False, False)
# Atoms per side of a grid, its cell (Å), and where it repeats. In a thin cell atoms meet several images of each other.
CASES = {
    "molecule": (3, np.diag([8.0, 8.0, 8.0]), NONE),
    "one-atom": (1, np.eye(3) * 2.3, ALL),
    "cube": (3, np.eye(3) * 7.0, ALL),
    "triclinic": (2, TRICLINIC, ALL),
    "thin": (2, TRICLINIC * np.array([[0.5], [3.0], [0.45]]), ALL),
    "skewed": (2, np.array([[1, 0, 0], [5, 1, 0], [-3, 2, 1]]) @ TRICLINIC, ALL),
    "left-handed": (2, TRICLINIC[[1, 0, 2]], ALL),
    "wire": (2, TRICLINIC, (False, True, False)),
    "slab": (3, TRICLINIC * 1.4, (True, False, True)),
    "large": (10, np.array([[22.0, 0.0, 0.0], [-3.0, 21.0, 0.0], [4.0, 5.0, 23.0]]), ALL),
    "large-open": (10, np.eye(3) * 22.0, NONE),
    "large-slab": (9, np.eye(3) * 20.0, (True, True, False)),
}

Pairs = dict[tuple[int, ...], float]


def printed(structure: Structure) -> subprocess.CompletedProcess[str]:
    """What the program says to a structure."""
    numbers = [CUTOFF, SKIN, *structure.periodic.astype(int), *structure.cell.flat, len(structure)]
    text = " ".join(repr(float(x)) if isinstance(x, float) else str(int(x)) for x in numbers)
    rows = "\n".join(" ".join(repr(float(x)) for x in row) for row in structure.positions)
    given = f"{text}\n{rows}\n"
    return subprocess.run([PROGRAM], input=given, capture_output=True, text=True, timeout=60, check=False)


def native_pairs(structure: Structure) -> list[tuple[int, ...]]:
    """Rows (i, j, shift) of the engine's list, in its own order and orientation."""
    done = printed(structure)
    assert done.returncode == 0, done.stderr
    return [tuple(map(int, line.split())) for line in done.stdout.splitlines()]


def unordered(rows: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Each pair with its smaller atom first; an atom and its image with the positive shift."""
    turned = [(j, i, -a, -b, -c) for i, j, a, b, c in rows]
    return [min(row, back) if row[0] != row[1] else max(row, back) for row, back in zip(rows, turned, strict=True)]


def oracle_pairs(structure: Structure) -> Pairs:
    """vesin's pairs up to the border, with their lengths."""
    reach = CUTOFF + SKIN
    search = vesin.NeighborList(cutoff=reach + BORDER, full_list=False)
    i, j, shift, lengths = search.compute(
        structure.positions, structure.cell, periodic=structure.periodic, quantities="ijSd"
    )
    rows = [tuple(map(int, row)) for row in np.column_stack([i, j, shift])]
    return dict(zip(unordered(rows), lengths.tolist(), strict=True))


def difference(found: list[tuple[int, ...]], expected: Pairs) -> list[tuple[int, ...]]:
    """Pairs that only one of the two knows, those on the border left out, and pairs that are there twice."""
    sure = {row for row, length in expected.items() if length < CUTOFF + SKIN - BORDER}
    twice = [row for row in set(found) if found.count(row) > 1] if len(found) != len(set(found)) else []
    return sorted((sure - set(found)) | (set(found) - set(expected))) + twice


def draw(rng: np.random.Generator, name: str) -> Structure:
    """A jittered grid in the cell, in no order, every third atom moved out of the box by whole cells."""
    side, cell, periodic = CASES[name]
    sites = rng.permutation(np.array(list(np.ndindex(side, side, side))))
    fractions = (sites + rng.uniform(-0.2, 0.2, sites.shape)) / side
    fractions[::3] += rng.integers(-2, 3, fractions[::3].shape) * np.array(periodic)
    return Structure(np.full(len(sites), 8), fractions @ cell, cell, np.array(periodic))


@pytest.mark.parametrize("name", CASES)
def test_pairs_are_those_of_vesin(name, rng):
    structure = draw(rng, name)
    expected = oracle_pairs(structure)
    assert len(expected) > 5
    assert difference(unordered(native_pairs(structure)), expected) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: rows[1:],
        lambda rows: [*rows, rows[0]],
        lambda rows: [(*rows[0][:4], rows[0][4] + 9), *rows[1:]],
    ],
    ids=["missing", "twice", "shifted"],
)
def test_a_wrong_list_would_be_noticed(spoil, rng):
    structure = draw(rng, "cube")
    found = unordered(native_pairs(structure))
    assert difference(spoil(found), oracle_pairs(structure)) != []


def test_a_structure_is_refused_with_a_sentence(rng):
    structure = draw(rng, "cube")
    done = printed(Structure(structure.species, structure.positions, np.zeros((3, 3)), structure.periodic))
    assert done.returncode == 2
    assert "span no volume" in done.stderr
