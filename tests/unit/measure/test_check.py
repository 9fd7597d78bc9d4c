"""The inspector passes a faultless force field and finds each planted fault."""

from __future__ import annotations

import pytest

from gaq.errors import UsageError
from gaq.measure.check import LIMITS, check, failures, judged, with_limits
from gaq.measure.ledger import Row
from unit.measure import planted

# fault: what must be found, and what must not, for a check that fails on everything tells nothing.
FAULTS = {
    planted.Anisotropic: ({"lee_max", "energy_invariance", "net_torque"}, {"finite_difference", "path_work"}),
    planted.CartesianRounding: ({"lee_max", "path_work"}, {"energy_invariance", "translation_energy"}),
    planted.Tethered: ({"translation_energy", "translation_force", "net_force"}, {"lee_max", "path_work"}),
    planted.ListOrder: ({"permutation_energy", "permutation_force"}, {"lee_max", "finite_difference"}),
    planted.Truncated: ({"cutoff_energy_jump", "cutoff_force_jump"}, {"lee_max", "net_torque"}),
    planted.UnknownCutoff: ({"cutoff_energy_jump"}, {"lee_max"}),
    planted.Shifted: ({"cutoff_force_jump"}, {"cutoff_energy_jump"}),
    planted.TooStrong: (
        {"finite_difference", "path_work_open"},
        {"path_work", "jacobian_asymmetry", "lee_max"},
    ),
    planted.NotReciprocal: (
        {"path_work", "jacobian_asymmetry", "net_force"},
        {"lee_max", "energy_invariance"},
    ),
    planted.Twisted: ({"net_torque", "path_work"}, {"lee_max", "net_force", "energy_invariance"}),
    planted.Handed: ({"lee_reflection"}, {"lee_max", "finite_difference", "path_work", "net_torque"}),
    planted.NoForces: ({"force_norm", "finite_difference", "finite_difference_relative"}, {"lee_max"}),
    planted.Flat: ({"force_norm"}, {"lee_max", "finite_difference"}),
    planted.NotANumber: ({"force_norm", "lee_max", "net_force", "path_work"}, set()),
}


def failed(engine: planted.PairEngine) -> dict[str, float]:
    return {r.metric: r.value for r in failures(check(engine, planted.ethanols(4), rotations=4))}


def test_a_faultless_force_field_passes_everything():
    rows = check(planted.PairEngine(), planted.ethanols(4), rotations=4)
    assert failures(rows) == []
    assert {r.metric for r in rows if r.passed} == {limit.metric for limit in LIMITS}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_every_planted_fault_is_found(fault):
    found = failed(fault())
    must, must_not = FAULTS[fault]
    assert must <= found.keys(), f"not found: {must - found.keys()} among {found}"
    assert not must_not & found.keys(), f"found without reason: {must_not & found.keys()}"


def test_structures_at_rest_are_stirred_so_that_zero_forces_are_noticed():
    from gaq.measure.subjects import AT_REST, stirred

    engine = planted.PairEngine()
    rest = planted.Structure.molecule([6, 8], [[0, 0, 0], [0, 0, 1.0]])
    low, high = 1.0, 1.5  # bisect for the distance at which the force vanishes
    for _ in range(60):
        middle = (low + high) / 2
        force = engine.one(rest.moved([[0, 0, 0], [0, 0, middle]])).forces[1, 2]
        low, high = (middle, high) if force > 0 else (low, middle)
    rest = rest.moved([[0, 0, 0], [0, 0, low]])
    (moved,) = stirred(engine, [rest])
    assert abs(engine.one(rest).forces).max() < AT_REST < abs(engine.one(moved).forces).max() * 100
    assert (moved.positions != rest.positions).any()
    (same,) = stirred(engine, [planted.ethanols(1)[0]])
    assert (same.positions == planted.ethanols(1)[0].positions).all()


def test_limits_can_be_set_and_decide():
    engine, structures = planted.Anisotropic(), planted.ethanols(2)
    strict = check(engine, structures, with_limits({"lee_max": 0.0}), rotations=2)
    loose = check(engine, structures, with_limits({"lee_max": 1e6}), rotations=2)
    assert [r.passed for r in strict if r.metric == "lee_max"] == [False]
    assert [r.passed for r in loose if r.metric == "lee_max"] == [True]


@pytest.mark.parametrize(
    ("overrides", "text"),
    [({"lee": 1.0}, "lee"), ({"lee_max": -1.0}, "zero or more"), ({"lee_max": float("nan")}, "zero or more")],
)
def test_impossible_limits_are_refused(overrides, text):
    with pytest.raises(UsageError, match=text):
        with_limits(overrides)


def test_what_is_not_a_number_never_passes():
    row = Row("lee_max", float("nan"), "meV/Å", "m", "r", "e", "d", 1)
    assert judged([row])[0].passed is False


def test_checks_tell_their_progress():
    seen = []
    check(planted.PairEngine(), planted.ethanols(2), rotations=2, watch=lambda *told: seen.append(told))
    stages = list(dict.fromkeys(name for name, _, _ in seen))
    assert len(stages) >= 8
    assert all(done <= total for _, done, total in seen)
