"""Records for the C interface point at the right atoms, are filled anew, and refuse what does not fit."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from gaq.atoms.structure import Structure
from gaq.engine._frames import FrameBuffers
from gaq.engine._library import RESULT, SYSTEM
from tiny import box, molecule

STRUCTURES = [molecule("H2O"), box(), molecule("CH3OH")]


def records(address: int, dtype: np.dtype, count: int) -> np.ndarray:
    """What the library would see at an address."""
    return np.frombuffer((ctypes.c_char * (count * dtype.itemsize)).from_address(address), dtype=dtype)


def numbers(address: int, kind: type, count: int) -> list[float]:
    return list((kind * count).from_address(int(address)))


def test_each_record_points_at_its_structure():
    frames = FrameBuffers(tuple(len(s) for s in STRUCTURES))
    assert frames.fill(STRUCTURES)
    for record, structure in zip(records(frames.systems, SYSTEM, 3), STRUCTURES, strict=True):
        atoms = int(record["atoms"])
        assert numbers(record["species"], ctypes.c_int32, atoms) == structure.species.tolist()
        assert numbers(record["positions"], ctypes.c_double, 3 * atoms) == structure.positions.ravel().tolist()
        assert numbers(record["cell"], ctypes.c_double, 9) == structure.cell.ravel().tolist()
        assert record["periodic"].tolist() == structure.periodic.tolist()


def test_what_is_written_behind_a_record_is_the_prediction_of_its_structure():
    sizes = tuple(len(s) for s in STRUCTURES)
    frames = FrameBuffers(sizes)
    assert frames.fill(STRUCTURES)
    for k, record in enumerate(records(frames.results, RESULT, 3)):
        ctypes.c_double.from_address(int(record["energy"])).value = k + 0.5
        forces = (ctypes.c_double * (3 * sizes[k])).from_address(int(record["forces"]))
        forces[:] = [k + i / 100 for i in range(3 * sizes[k])]
        (ctypes.c_double * 9).from_address(int(record["virial"]))[:] = [10 * k + i for i in range(9)]
        (ctypes.c_double * sizes[k]).from_address(int(record["atomic_energies"]))[:] = [
            100 * k + i for i in range(sizes[k])
        ]
    found = frames.predictions()
    assert [p.energy for p in found] == [0.5, 1.5, 2.5]
    assert [p.forces.shape for p in found] == [(n, 3) for n in sizes]
    assert found[2].forces[0].tolist() == [2, 2.01, 2.02]
    assert found[1].virial.tolist() == [[10, 11, 12], [13, 14, 15], [16, 17, 18]]
    assert [p.atomic_energies.tolist() for p in found] == [[100 * k + i for i in range(n)] for k, n in enumerate(sizes)]
    found[0].forces[:] = 7
    assert frames.predictions()[0].forces[0, 0] == 0, "predictions are copies"


def test_a_second_filling_replaces_the_first():
    frames = FrameBuffers((3,))
    assert frames.fill([molecule("H2O", seed=1)])
    before = numbers(records(frames.systems, SYSTEM, 1)[0]["positions"], ctypes.c_double, 9)
    assert frames.fill([molecule("H2O", seed=2)])
    assert numbers(records(frames.systems, SYSTEM, 1)[0]["positions"], ctypes.c_double, 9) != before


@pytest.mark.parametrize(
    "structure",
    [
        Structure.molecule([8, 1, 1], np.zeros((2, 3))),
        Structure.molecule([8, 1, 1], np.zeros((3, 2))),
        Structure.molecule([8, 1, 0], np.zeros((3, 3))),
        Structure.molecule([8, 1, 1 + 2**32], np.zeros((3, 3))),
        Structure(np.array([8, 1, 1]), np.zeros((3, 3)), np.zeros(3), np.zeros(3, dtype=bool)),
    ],
    ids=["fewer", "flat", "no-element", "beyond-32-bits", "cell"],
)
def test_what_does_not_fit_is_refused(structure):
    assert not FrameBuffers((3,)).fill([structure])


def test_nothing_and_no_atoms_fit():
    assert FrameBuffers(()).predictions() == []
    empty = FrameBuffers((0, 3))
    assert empty.fill([Structure.molecule([], np.zeros((0, 3))), molecule("H2O")])
    assert [p.forces.shape for p in empty.predictions()] == [(0, 3), (3, 3)]
