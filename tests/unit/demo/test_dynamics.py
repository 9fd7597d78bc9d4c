"""The time of a step is the time between two evaluations, and ns/day follows from it."""

from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.emt import EMT

from gaq.atoms.structure import Structure
from gaq.demo.dynamics import Motion, move, speed
from gaq.engine.ase import AseEngine
from gaq.measure.ledger import find


@pytest.fixture
def engine():
    return AseEngine(EMT(), model="emt")


def test_steps_of_two_milliseconds(engine):
    rows = speed(engine, 0.002 * np.arange(101), 0.5, 9, "d")
    latency, per_day = find(rows, "latency_ms"), find(rows, "ns_per_day")
    assert latency.value == pytest.approx(2.0)
    assert latency.p10 == pytest.approx(2.0)
    assert latency.std_error == pytest.approx(0.0, abs=1e-9)
    assert per_day.value == pytest.approx(0.5e-6 * 86_400 / 0.002)  # ns per step, steps per day
    assert latency.n == 95  # the first twentieth is left out


def test_a_slow_start_is_left_out_and_a_slow_half_is_seen_in_the_spread(engine):
    slow_start = np.concatenate([[0.0], 1.0 + 0.002 * np.arange(100)])
    assert find(speed(engine, slow_start, 0.5, 9, "d"), "latency_ms").value == pytest.approx(2.0)
    halves = np.cumsum(np.repeat([0.002, 0.004], 100))
    found = find(speed(engine, halves, 0.5, 9, "d"), "latency_ms")
    assert found.p10 == pytest.approx(2.0)
    assert found.p90 == pytest.approx(4.0)
    assert 0.1 < found.std_error < 0.5


def test_a_run_too_short_to_time(engine):
    assert speed(engine, np.array([0.0, 1.0]), 0.5, 9, "d") == []


def test_a_run_leaves_its_rows(engine):
    copper = Structure.molecule(np.array([29, 29]), np.array([[0.0, 0, 0], [2.3, 0, 0]]))
    told = []
    log, rows = move(engine, copper, Motion(30, 1.0, 100.0, 0), "d", told.append)
    assert {"drift", "stability", "latency_ms", "ns_per_day"} <= {r.metric for r in rows}
    assert len(log.time) == 31
    assert told == list(range(1, 32))
    assert find(rows, "latency_ms").atoms == 2
