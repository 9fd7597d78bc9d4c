"""What passes a limit, and which limits there can be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gaq.errors import UsageError
from gaq.measure.ledger import Row
from gaq.measure.limits import LIMITS, failures, judged, with_limits, within

ROW = Row("lee_max", 0.5, "meV/Å", "m", "r", "e", "d", 1)


@pytest.mark.parametrize(
    ("metric", "value", "passed"),
    [
        ("lee_max", 1.0, True),
        ("lee_max", 1.1, False),
        ("lee_max", float("nan"), False),
        ("lee_max", float("inf"), False),
        ("force_norm", 1.0, True),
        ("force_norm", 0.9, False),
        ("force_norm", float("nan"), False),
        ("drift", -0.9, True),
        ("drift", -1.1, False),
        ("drift", float("nan"), False),
        ("lee_mean", 1e9, None),
    ],
)
def test_a_value_is_within_or_not(metric, value, passed):
    (found,) = judged([replace(ROW, metric=metric, value=value)])
    assert found.passed is passed
    assert len(failures([found])) == (passed is False)


def test_what_a_run_said_of_itself_stays():
    held = replace(ROW, metric="stability", limit=400.0, passed=False)
    assert judged([held]) == [held]


@pytest.mark.parametrize(("value", "error", "holds"), [(3.0, 1.6, True), (-3.0, 1.6, True), (3.0, 1.4, False)])
def test_a_drift_counts_beyond_two_standard_errors(value, error, holds):
    assert within(replace(ROW, metric="drift", value=value, std_error=error), 1.0) is holds
    assert not within(replace(ROW, metric="path_work", value=value, std_error=error), 1.0)


@pytest.mark.parametrize(
    ("overrides", "text"),
    [({"lee": 1.0}, "lee"), ({"lee_max": -1.0}, "zero or more"), ({"lee_max": float("nan")}, "zero or more")],
)
def test_impossible_limits_are_refused(overrides, text):
    with pytest.raises(UsageError, match=text):
        with_limits(overrides)


def test_a_limit_can_be_replaced():
    limits = {limit.metric: limit for limit in with_limits({"drift": 0.25})}
    assert limits["drift"].value == 0.25
    assert limits.keys() == {limit.metric for limit in LIMITS}
