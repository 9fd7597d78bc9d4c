"""Thinned series keep their extremes, their ends and their gaps."""

from __future__ import annotations

import numpy as np

from gaq.report.thin import sampled, thinned


def test_what_is_short_stays():
    assert thinned(np.arange(5.0), 10).tolist() == [0, 1, 2, 3, 4]
    assert sampled(np.arange(5.0), np.arange(5.0), 10).tolist() == [0, 1, 2, 3, 4]


def test_extremes_and_ends_are_kept(rng):
    values = rng.standard_normal(100_000)
    values[[777, 50_001]] = 40.0, -40.0
    kept = thinned(values, 900)
    assert len(kept) <= 900
    assert {0, 777, 50_001, 99_999} <= set(kept.tolist())
    every = values[::112]  # every so many, as one would without thought, has lost both
    assert every.max() < 40.0
    assert every.min() > -40.0


def test_a_gap_remains():
    values = np.ones(10_000)
    values[5000:5200] = np.nan
    kept = thinned(values, 300)
    assert np.isnan(values[kept]).any()
    assert len(thinned(np.full(1000, np.nan), 30)) <= 30


def test_a_cloud_keeps_its_outliers_and_ends(rng):
    x = rng.standard_normal(50_000)
    y = x + 0.01 * rng.standard_normal(50_000)
    y[123] += 9.0
    kept = sampled(x, y, 1000)
    assert len(kept) == len(set(kept.tolist())) == 1000
    assert {123, int(np.argmin(x)), int(np.argmax(x))} <= set(kept.tolist())
    assert 0.8 < np.std(x[kept]) / np.std(x) < 1.6
