"""A drift that was put in is found, with an error that does not pretend."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.errors import UsageError
from gaq.measure.dynamics import drift, short_run, steps_for
from gaq.simulate.log import NveLog
from unit.measure import planted


def log(total: np.ndarray, dt: float = 0.5, unstable_at: int | None = None) -> NveLog:
    records = len(total)
    kinetic = 0.2 + 0.05 * np.sin(np.arange(records))
    zeros = np.zeros((records, 3))
    return NveLog(
        "m",
        9,
        dt,
        dt * np.arange(records),
        total - kinetic,
        kinetic,
        np.full(records, 300.0),
        zeros,
        zeros,
        records - 1,
        unstable_at,
    )


def rows_of(run: NveLog):
    return {r.metric: r for r in drift(run, "fp32", "torch", "ethanol")}


def test_a_known_drift_is_found():
    time = 0.5e-3 * np.arange(4001)  # ps
    rows = rows_of(log(-10 + 9 * 0.5e-3 * time + 1e-4 * np.sin(300 * time)))
    assert rows["drift"].value == pytest.approx(0.5, rel=0.01)
    assert rows["drift"].unit == "meV/atom/ps"
    assert rows["drift"].std_error < 0.05
    assert rows["drift_ratio"].value == pytest.approx(9 * 0.5 * 50 / (1000 * 0.05 / np.sqrt(2)), rel=0.02)


def test_stability_is_the_length_of_a_run_that_held_and_the_step_of_one_that_did_not():
    held, broken = rows_of(log(np.zeros(100))), rows_of(log(np.zeros(100), unstable_at=42))
    assert (held["stability"].value, held["stability"].passed) == (99, True)
    assert (broken["stability"].value, broken["stability"].passed) == (42, False)


def test_a_run_that_broke_at_once_has_no_drift_and_says_why():
    rows = rows_of(log(np.zeros(1), unstable_at=1))
    assert set(rows) == {"stability"}
    with pytest.raises(UsageError, match="at least 3 records"):
        rows_of(log(np.zeros(2)))


def test_a_short_run_has_the_rows_of_its_log_and_its_length_as_limit():
    (start,), kept, told = planted.settled(1), [], []
    rows = short_run(planted.PairEngine(), start, 60, 3, lambda *now: told.append(now), "cluster", kept.append)
    found = {r.metric: r for r in rows}
    assert found.keys() == {"drift", "drift_ratio", "momentum_change", "angular_momentum_change", "stability"}
    assert (found["stability"].value, found["stability"].limit, found["stability"].passed) == (60, 60, True)
    assert {(r.data, r.seed, r.atoms) for r in rows} == {("cluster", 3, 6)}
    assert told[-1] == (60, 60)
    (trace,) = kept
    assert trace.along[-1] == 30.0  # fs


def test_a_run_that_fell_apart_says_nothing_of_drift():
    (row,) = short_run(planted.Loose(), planted.settled(1)[0], 200)
    assert (row.metric, row.passed, row.limit) == ("stability", False, 200)
    assert row.value < 200


def test_a_run_is_long_where_steps_are_cheap():
    class Moving(planted.PairEngine):
        def move(self, state, dynamics, steps):
            return state

    assert [steps_for(Moving(), atoms) for atoms in (9, 20, 200, 5000)] == [20_000, 20_000, 2_000, 400]
    assert steps_for(planted.PairEngine(), 9) == 400
