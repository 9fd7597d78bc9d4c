"""The verdict follows from four aspects: what fails counts, what was not measured is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gaq.measure.ledger import Row
from gaq.measure.limits import BOUNDS, STABLE_STEPS, Aspect
from gaq.measure.verdict import Judgement, Verdict, data_sets, decisive, judge, on_data

GOOD = {
    "lee_mean": 0.003,
    "lee_max": 0.05,
    "path_work": 1e-4,
    "net_torque": 0.01,
    "drift": 0.001,
    "force_mae": 12.0,
    "stability": STABLE_STEPS,
}
NEEDED = {
    Aspect.SYMMETRY: "lee_mean",
    Aspect.CONSERVATION: "path_work",
    Aspect.ACCURACY: "force_mae",
    Aspect.STABILITY: "stability",
}


def rows_of(**values: float) -> list[Row]:
    rows = [Row(metric, value, "u", "m", "r", "native", "d", 10) for metric, value in values.items()]
    return [replace(r, passed=True) if r.metric == "stability" else r for r in rows]


def judged(**values: float) -> Judgement:
    return judge(rows_of(**(GOOD | values)))


def without(*metrics: str) -> dict[str, float]:
    return {name: value for name, value in GOOD.items() if name not in metrics}


def test_all_four_aspects_within_limits_are_fit_for_nve():
    assert judged() == Judgement(Verdict.NVE)


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda b: b.metric)
def test_each_bound_decides_alone(bound):
    assert judged(**{bound.metric: 0.99 * bound.nve}).verdict is Verdict.NVE
    if bound.thermostat > bound.nve:
        assert judged(**{bound.metric: 1.01 * bound.nve}) == Judgement(Verdict.THERMOSTAT, (bound.metric,))
    assert judged(**{bound.metric: 1.01 * bound.thermostat}) == Judgement(Verdict.NOT_MD, (bound.metric,))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("bound", BOUNDS, ids=lambda b: b.metric)
def test_no_number_is_fit_for_nothing(bound, value):
    assert judged(**{bound.metric: value}).verdict is Verdict.NOT_MD


@pytest.mark.parametrize(("aspect", "metric"), NEEDED.items(), ids=lambda x: getattr(x, "value", x))
def test_no_verdict_without_an_aspect(aspect, metric):
    found = judge(rows_of(**without(metric)))
    assert found == Judgement(Verdict.UNKNOWN, (), (aspect,))
    assert found.label == f"{aspect.value} not measured"


def test_each_required_metric_is_tried():
    assert {b.metric for b in BOUNDS if b.required} | {"stability"} == set(NEEDED.values())


def test_an_inaccurate_model_that_breaks_is_not_fit_however_symmetric_it_is():
    assert judged(force_mae=180.0) == Judgement(Verdict.NOT_MD, ("force_mae",))
    broken = replace(rows_of(stability=200)[0], passed=False)
    assert judge([*rows_of(**without("stability")), broken]) == Judgement(Verdict.NOT_MD, ("stability",))


def test_small_forces_have_a_relative_limit():
    assert judged(force_mae=20.0, force_mae_relative=0.5) == Judgement(Verdict.NOT_MD, ("force_mae_relative",))


def test_what_fails_counts_though_other_aspects_were_not_measured():
    assert judge(rows_of(lee_mean=99.0)).verdict is Verdict.NOT_MD
    assert judge(rows_of(force_mae=180.0)).verdict is Verdict.NOT_MD


def test_what_is_past_the_limit_of_nve_is_named_without_a_verdict():
    found = judge(rows_of(**(without("force_mae") | {"path_work": 0.5})))
    assert found == Judgement(Verdict.UNKNOWN, ("path_work",), (Aspect.ACCURACY,))


def test_nothing_measured_names_all_aspects():
    assert judge([]).label == "symmetry, conservation, accuracy, stability not measured"


def test_a_short_run_that_held_is_no_proof_and_one_that_broke_is():
    (short,) = rows_of(stability=STABLE_STEPS - 1)
    rest = rows_of(**without("stability"))
    assert judge([*rest, short]).missing == (Aspect.STABILITY,)
    assert judge([*rest, replace(short, passed=None, value=1e6)]).missing == (Aspect.STABILITY,)
    assert judge([*rest, replace(short, value=12, passed=False)]).verdict is Verdict.NOT_MD


def test_a_run_that_broke_is_not_hidden_by_one_that_held():
    (held,) = rows_of(stability=1_000_000)
    broken = replace(held, value=200, passed=False)
    for order in ([broken, held], [held, broken]):
        assert decisive(order, "stability") is broken
        assert judge([*rows_of(**without("stability")), *order]).verdict is Verdict.NOT_MD


def test_a_drift_below_its_own_error_is_not_held_against_a_model():
    (short,) = rows_of(drift=-0.5)
    rest = rows_of(**without("drift"))
    assert judge([*rest, replace(short, std_error=0.2)]).verdict is Verdict.NVE
    assert judge([*rest, replace(short, std_error=0.15)]).verdict is Verdict.THERMOSTAT
    assert judge([*rest, replace(short, std_error=float("nan"))]).verdict is not Verdict.NVE


def test_of_several_drifts_the_surest_counts_and_one_that_is_no_number_before_all():
    short, long = (
        replace(r, std_error=e) for r, e in zip(rows_of(drift=0.3) + rows_of(drift=0.02), (0.2, 1e-4), strict=True)
    )
    for order in ([short, long], [long, short]):
        assert decisive(order, "drift") is long
    nan = replace(short, value=float("nan"), std_error=float("nan"))
    assert decisive([long, nan, short], "drift") is nan


def test_reference_rows_decide_nothing():
    floor = replace(rows_of(lee_mean=99.0)[0], control="fp32-floor")
    assert judge([*rows_of(**GOOD), floor]).verdict is Verdict.NVE
    assert decisive([floor], "lee_mean") is None


def test_a_long_run_shows_conservation_without_closed_paths():
    (run,) = rows_of(drift=0.001)
    rest = rows_of(**without("drift", "path_work"))
    assert judge([*rest, replace(run, std_error=1e-4)]).verdict is Verdict.NVE
    assert judge([*rest, replace(run, std_error=0.01)]).missing == (Aspect.CONSERVATION,)
    assert judge([*rest, run]).missing == (Aspect.CONSERVATION,)
    assert judge([*rest, replace(run, value=0.1, std_error=1e-4)]).verdict is Verdict.THERMOSTAT


def test_data_sets_are_in_the_order_of_their_last_rows_and_runs_have_none():
    first, second = rows_of(**GOOD), [replace(r, data="e") for r in rows_of(**GOOD)]
    run = [replace(r, data="start") for r in rows_of(drift=0.1, stability=5, temperature=300.0)]
    floor = replace(first[0], data="f", control="fp32-floor")
    assert data_sets([*first, *second, *run, floor]) == ["d", "e"]
    assert data_sets([*first, *second, first[0]]) == ["e", "d"]
    assert data_sets(run) == []
    sizes = [replace(r, data="none") for r in rows_of(file_bytes=3.0)]
    assert on_data([*first, *second, *run, *sizes], "e") == [*second, *run, *sizes]
    assert on_data([*run, *sizes], "e") == [*run, *sizes]
