"""Charge, spin and field of frames: read, reported, and mixed only on request."""

from __future__ import annotations

import pytest

from gaq.data.read import read_dataset
from gaq.data.states import ElectronicState, check_states, describe, differing, state_of
from gaq.errors import BadLabels
from tiny import molecule

WATER, METHANOL = molecule("H2O"), molecule("CH3OH")


@pytest.mark.parametrize("key", ["charge", "total_charge", "Charge", "REF_charge", "net_charge"])
def test_names_of_the_charge(key):
    assert state_of({key: -1}, "a").charge == -1


def test_a_charge_that_is_none():
    with pytest.raises(BadLabels, match="a has the charge 'plus'; expected one number"):
        state_of({"charge": "plus"}, "a")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([ElectronicState(), ElectronicState()], set()),
        ([ElectronicState(charge=0), ElectronicState()], set()),
        ([ElectronicState(charge=1), ElectronicState(charge=1)], set()),
        ([ElectronicState(charge=1), ElectronicState()], {"charge"}),
        ([ElectronicState(spin=1), ElectronicState(spin=3)], {"spin"}),
        ([ElectronicState(field=(0, 0, 0)), ElectronicState()], set()),
        ([ElectronicState(field=(0, 0, 0.1)), ElectronicState()], {"field"}),
    ],
)
def test_what_differs(states, expected):
    assert set(differing([WATER, WATER], states)) == expected


def test_spins_of_other_molecules_may_differ():
    assert differing([WATER, METHANOL], [ElectronicState(spin=1), ElectronicState(spin=2)]) == {}


def test_mixed_charges_are_refused_unless_ignored():
    states = [ElectronicState(charge=0), ElectronicState(charge=1)]
    with pytest.raises(
        BadLabels, match=r'mixes frames of different charge: charge 0 \(1 frames\), 1 \(1.*add "charge"'
    ):
        check_states([WATER, WATER], states, "ions")
    check_states([WATER, WATER], states, "ions", ["charge"])
    with pytest.raises(BadLabels, match="different spin"):
        check_states([WATER, WATER], [ElectronicState(0, 1), ElectronicState(1, 2)], "ions", ["charge"])


def test_a_uniform_charge_is_told():
    assert describe([ElectronicState(charge=-1)] * 3) == ["charge -1 in all frames"]
    assert describe([ElectronicState()] * 3) == []


def test_from_a_file(write_xyz):
    path = write_xyz(frames=4)
    path.write_text(path.read_text().replace("energy=", "charge=1 spin=2 energy="))
    data = read_dataset(path)
    assert data.states == (ElectronicState(1.0, 2.0),) * 4
    assert data.subset([2]).states == (ElectronicState(1.0, 2.0),)
