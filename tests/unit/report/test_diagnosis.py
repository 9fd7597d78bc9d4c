"""Each planted fault is named in words, and a faultless force field has none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gaq.measure.check import check
from gaq.measure.ledger import Row
from gaq.report.diagnosis import meanings
from unit.measure import planted

WORDS = {
    planted.Anisotropic: "rotating the molecule changes the result",
    planted.Handed: "the mirror image has other forces",
    planted.Tethered: "translation changes the result",
    planted.ListOrder: "the order of atoms changes the result",
    planted.NotReciprocal: "the forces are not the slope of any energy",
    planted.TooStrong: "not the slope of the energy returned with them",
    planted.Twisted: "the forces have a net torque",
    planted.Truncated: "the energy jumps",
    planted.Shifted: "the force jumps",
    planted.Heating: "the total energy drifts",
    planted.Loose: "the run became unstable after",
    planted.NoForces: "forces are zero while the energy changes: the model gives no forces",
    planted.Flat: "forces are zero and the energy does not change",
    planted.NotANumber: "forces are not numbers",
}
ALONE = (planted.NoForces, planted.Flat, planted.NotANumber)


def said(engine: planted.PairEngine) -> list[str]:
    return meanings(check(engine, planted.settled(2), rotations=2, steps=200))


def test_a_faultless_force_field_has_no_faults():
    assert said(planted.PairEngine()) == []


@pytest.mark.parametrize("fault", WORDS, ids=lambda fault: fault.__name__)
def test_a_fault_is_named(fault):
    found = said(fault())
    assert any(WORDS[fault] in sentence for sentence in found), found
    assert len(found) == len(set(found))
    assert (len(found) == 1) or fault not in ALONE


def test_forces_that_miss_most_of_the_slope_have_lost_their_gradient():
    row = Row("finite_difference_relative", 0.97, "1", "m", "r", "e", "d", 1, limit=0.05, passed=False)
    (sentence,) = meanings([row])
    assert "97 % of it is missing or wrong" in sentence
    (sentence,) = meanings([replace(row, value=0.1)])
    assert "gradient" not in sentence
