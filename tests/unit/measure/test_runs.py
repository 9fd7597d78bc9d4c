"""Rows of a run of `gaq md`: what is said, and what is left out because it means nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaq.atoms.structure import Structure
from gaq.engine.motion import CSVR, LANGEVIN
from gaq.measure.runs import rates, run_rows
from gaq.simulate.integrate import run_nve, start
from gaq.units import ACCELERATION, BOLTZMANN
from unit.measure import planted

ABOUT = ("fp32", "analytic", "ethanol")


@pytest.fixture(scope="module")
def run():
    engine, (cluster,) = planted.PairEngine(), planted.settled(1)
    return run_nve(engine, cluster, 200, temperature=100.0), start(engine, cluster, 100.0)


def metrics(rows) -> set[str]:
    return {r.metric for r in rows}


def test_a_run_has_all_its_rows(run):
    log, last = run
    rows = {r.metric: r for r in run_rows(log, last, *ABOUT, 100.0, None)}
    expected = {"drift", "drift_ratio", "momentum_change", "angular_momentum_change", "stability", "temperature"}
    assert rows.keys() == expected | {"angular_momentum_relative"}
    assert rows["temperature"].value == pytest.approx(np.mean(log.temperature))
    assert rows["temperature"].std_error > 0


def test_angular_momentum_is_measured_by_that_of_thermal_rotation(run):
    """Two atoms of mass m at ±r: tr I = 4 m r²."""
    log, last = run
    pair = Structure.molecule([1, 1], [[-1.0, 0, 0], [1.0, 0, 0]])
    last = replace(last, structure=pair, masses=np.array([3.0, 3.0]))
    turned = replace(log, angular_momentum=log.angular_momentum + np.linspace(0, 1, len(log.time))[:, None])
    rows = {r.metric: r.value for r in run_rows(turned, last, *ABOUT, 250.0, None)}
    thermal = np.sqrt(BOLTZMANN * 250.0 * ACCELERATION * 12.0)
    assert rows["angular_momentum_relative"] == pytest.approx(rows["angular_momentum_change"] / thermal)
    assert rows["angular_momentum_change"] == pytest.approx(np.sqrt(3), rel=1e-6)


def test_it_is_left_out_where_it_means_nothing(run):
    log, last = run
    box = replace(last, structure=replace(last.structure, cell=np.eye(3) * 20, periodic=np.ones(3, bool)))
    for rows in (run_rows(log, box, *ABOUT, 100.0, None), run_rows(log, last, *ABOUT, 100.0, LANGEVIN)):
        assert "angular_momentum_change" not in metrics(rows)
        assert "drift" in metrics(rows)
    assert "angular_momentum_relative" in metrics(run_rows(log, last, *ABOUT, 100.0, CSVR))


def test_what_conserves_is_the_energy_less_the_heat(run):
    log, last = run
    heat = np.linspace(0, 5, len(log.time))
    heated = replace(log, potential=log.potential + heat, heat=heat)
    drifts = [
        next(r.value for r in run_rows(x, last, *ABOUT, 100.0, None) if r.metric == "drift") for x in (log, heated)
    ]
    assert drifts[0] == pytest.approx(drifts[1], abs=1e-9)


def test_a_run_too_short_for_a_slope_still_says_whether_it_held():
    engine = planted.PairEngine()
    log = run_nve(engine, planted.ethanol(), 1, temperature=100.0)
    assert metrics(run_rows(log, start(engine, planted.ethanol(), 100.0), *ABOUT, 100.0, None)) == {
        "stability",
        "temperature",
    }


def test_speed_is_that_of_the_clock(run):
    log, _ = run
    step, day = rates(log, *ABOUT, steps=2000, seconds=1.0)
    assert (step.metric, step.value, step.n) == ("latency_ms", 0.5, 2000)
    assert (day.metric, day.unit) == ("ns_per_day", "ns/day")
    assert day.value == pytest.approx(86.4)
