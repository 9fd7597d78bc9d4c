"""A faultless force field passes the check; each planted fault is found."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.atoms.structure import Labels, Prediction, Structure
from gaq.data.dataset import Dataset
from gaq.errors import BadStructure
from gaq.measure.accuracy import accuracy
from gaq.measure.check import check
from gaq.measure.limits import LIMITS, failures, judged, with_limits
from gaq.measure.traces import Way
from tiny import box
from unit.measure import planted

ERRORS = {"force_mae", "force_mae_relative"}  # of forces against labels, which a check without labels cannot have
CHECKED = {limit.metric for limit in LIMITS} - ERRORS | {"stability"}

# fault: what must be found, and what must not, for a check that fails on everything tells nothing.
FAULTS = {
    planted.Anisotropic: (
        {"lee_max", "energy_invariance", "net_torque", "angular_momentum_change"},
        {"finite_difference", "path_work", "drift", "stability"},
    ),
    planted.CartesianRounding: ({"lee_max", "path_work"}, {"energy_invariance", "translation_energy", "stability"}),
    planted.Tethered: (
        {"translation_energy", "translation_force", "net_force", "momentum_change"},
        {"lee_max", "path_work", "drift"},
    ),
    planted.ListOrder: ({"permutation_energy", "permutation_force"}, {"lee_max", "finite_difference", "drift"}),
    planted.Truncated: ({"cutoff_energy_jump", "cutoff_force_jump"}, {"lee_max", "net_torque", "drift"}),
    planted.UnknownCutoff: ({"cutoff_energy_jump"}, {"lee_max"}),
    planted.Shifted: ({"cutoff_force_jump"}, {"cutoff_energy_jump"}),
    planted.Stepped: ({"path_work_open", "finite_difference"}, {"path_work", "lee_max", "jacobian_asymmetry"}),
    planted.TooStrong: (
        {"finite_difference", "path_work_open"},
        {"path_work", "jacobian_asymmetry", "lee_max", "momentum_change"},
    ),
    planted.NotReciprocal: (
        {"path_work", "jacobian_asymmetry", "net_force", "momentum_change"},
        {"lee_max", "energy_invariance"},
    ),
    planted.Twisted: (
        {"net_torque", "path_work", "angular_momentum_change"},
        {"lee_max", "net_force", "energy_invariance", "momentum_change"},
    ),
    planted.Heating: ({"drift", "path_work", "angular_momentum_change"}, {"lee_max", "net_force", "stability"}),
    planted.Loose: ({"stability"}, {"force_norm", "lee_max", "finite_difference", "path_work", "drift"}),
    planted.Handed: ({"lee_reflection"}, {"lee_max", "finite_difference", "path_work", "net_torque", "drift"}),
    planted.NoForces: (
        {"force_norm", "finite_difference", "finite_difference_relative", "stability"},
        {"lee_max", "net_force", "drift"},
    ),
    planted.Flat: ({"force_norm"}, {"lee_max", "finite_difference", "drift"}),
    planted.NotANumber: ({"force_norm", "lee_max", "net_force", "path_work", "stability"}, set()),
}


def failed(engine: planted.PairEngine) -> dict[str, float]:
    return {r.metric: r.value for r in failures(check(engine, planted.settled(4), rotations=4))}


def test_a_faultless_force_field_passes_everything():
    rows = check(planted.PairEngine(), planted.settled(4), rotations=4)
    assert failures(rows) == []
    assert {r.metric for r in rows if r.passed} == CHECKED


def test_every_check_is_failed_by_some_fault():
    named = set().union(*(must for must, _ in FAULTS.values()))
    # A limit on the relative error of slopes and one on translated forces stand beside those of the same fault.
    assert named >= CHECKED


def test_errors_of_forces_are_judged_against_labels():
    structures = planted.settled(4)
    labels = tuple(Labels(p.energy, p.forces) for p in planted.PairEngine().evaluate(structures))
    data = Dataset("known", structures, labels, "")
    right = judged(accuracy(planted.PairEngine(), data))
    assert failures(right) == []
    assert {r.metric for r in right if r.passed} == ERRORS
    assert {r.metric for r in failures(judged(accuracy(planted.NoForces(), data)))} == ERRORS


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


def test_checks_tell_their_progress():
    seen = []
    check(planted.PairEngine(), planted.ethanols(2), rotations=2, watch=lambda *told: seen.append(told))
    stages = list(dict.fromkeys(name for name, _, _ in seen))
    assert len(stages) >= 8
    assert all(done <= total for _, done, total in seen)


def test_the_run_can_be_left_out_and_is_no_longer_than_asked():
    engine, structures = planted.PairEngine(), planted.settled(1)
    without = check(engine, structures, rotations=1, steps=0)
    assert "drift" not in {r.metric for r in without}
    (held,) = (r for r in check(engine, structures, rotations=1, steps=50) if r.metric == "stability")
    assert (held.value, held.limit, held.passed) == (50, 50, True)


def test_energies_along_two_ways_are_kept():
    kept = []
    check(planted.PairEngine(), planted.settled(2), rotations=1, steps=30, keep=kept.append)
    by_way = {trace.way: trace for trace in kept}
    assert by_way.keys() == {Way.MEETING, Way.RUN}
    meeting, run = by_way[Way.MEETING], by_way[Way.RUN]
    assert meeting.along[[0, -1]] == pytest.approx([3.0, 4.5], abs=0.03)
    assert (len(run.along), run.atoms, meeting.atoms) == (31, 6, 12)
    assert abs(run.energy - run.energy[0]).max() < 0.05


@pytest.mark.parametrize("count", [0, 1])
def test_where_no_force_can_be_nothing_is_checked(count):
    with pytest.raises(BadStructure, match="single atom" if count else "no structure"):
        check(planted.PairEngine(), [Structure.molecule([6], [[0.0, 0.0, 0.0]])] * count)


@pytest.mark.parametrize(
    ("species", "positions"),
    [
        ([6, 8], [[0, 0, 0], [0, 0, 1.25]]),
        ([8, 6, 8], [[0, 0, -1.2], [0, 0, 0], [0, 0, 1.2]]),  # linear
    ],
)
def test_small_molecules_have_every_row(species, positions):
    rows = check(planted.PairEngine(), [Structure.molecule(species, positions)] * 2, rotations=2, steps=100)
    assert failures(rows) == []
    assert sorted(r.metric for r in rows if r.passed) == sorted(CHECKED)


def test_a_box_has_neither_torque_nor_angular_momentum():
    class Springs(planted.PairEngine):
        """Each atom on a spring to where it was: what a box is made of does not matter here."""

        def one(self, structure):
            away = structure.positions - box().positions
            return Prediction(float((away**2).sum()), -2 * away)

    found = {r.metric for r in check(Springs(), [box()], rotations=1, steps=20)}
    assert "drift" in found
    assert not found & {"net_torque", "angular_momentum_change"}


def test_large_structures_are_fewer():
    asked = []

    class Listening(planted.PairEngine):
        def one(self, structure):
            asked.append(len(structure))
            return Prediction(0.0, np.ones_like(structure.positions))

    def count(atoms: int) -> int:
        asked.clear()
        places = 1.5 * np.stack(np.meshgrid(*[np.arange(6.0)] * 3), axis=-1).reshape(-1, 3)[:atoms]
        check(Listening(), [Structure.molecule(np.full(atoms, 6), places)] * 8, rotations=1, steps=0)
        return len(asked)

    assert count(150) < 0.6 * count(20)
