"""The picture of an inspection says what the rows say: bars, values, limits, verdicts."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imread

from gaq.measure.ledger import Row
from gaq.measure.traces import Trace, Way
from gaq.report.findings import findings, share
from gaq.report.style import LIGHT, STYLES, png
from gaq.report.tables import question

ROW = Row("lee_max", 0.5, "meV/Å", "m", "r", "e", "d", 1, limit=1.0, passed=True)
ROWS = [
    replace(ROW, metric="force_norm", value=1900.0),
    ROW,
    replace(ROW, metric="path_work", value=1.25, limit=0.02, passed=False),
    replace(ROW, metric="net_force", value=math.nan, limit=0.1, passed=False),
    replace(ROW, metric="drift", value=3.0, std_error=2.0, unit="meV/atom/ps"),
    replace(ROW, metric="stability", value=37.0, limit=400.0, passed=False, unit="steps"),
    replace(ROW, metric="lee_mean", limit=None, passed=None),
]
TRACES = [
    Trace(Way.MEETING, np.linspace(3, 5, 50), np.linspace(-1, 0, 50), 18),
    Trace(Way.RUN, np.arange(3.0), np.array([-7.0, -6.991, np.nan]), 9),
]


@pytest.mark.parametrize(
    ("entry", "part"),
    [
        (ROW, 0.5),
        (replace(ROW, value=-2.0, passed=False), 2.0),
        (replace(ROW, value=math.nan, passed=False), math.inf),
        (replace(ROW, limit=0.0, passed=False), math.inf),
        (replace(ROW, value=0.0, limit=0.0), 0.0),
        (replace(ROW, metric="force_norm", value=4.0), 0.25),
        (replace(ROW, metric="force_norm", value=0.0, passed=False), math.inf),
        (ROWS[4], 1.0),  # a drift within its doubt is not past the limit
    ],
)
def test_a_share_is_past_one_where_a_check_failed(entry, part):
    assert share(entry) == part


def texts(figure) -> str:
    axes = figure.axes  # those of its parts among them
    found = [t.get_text() for a in axes for t in a.texts]
    found += [t.get_text() for a in axes for t in [*a.get_yticklabels(), a.title, a.xaxis.label]]
    return "\n".join(found)


def test_each_judged_row_is_there_with_value_and_limit():
    said = texts(findings(ROWS, TRACES, "a model", LIGHT))
    assert all(question(r) in said for r in ROWS if r.limit is not None)
    assert "lee_mean" not in said
    for text in ("1.25 meV/Å", "≤ 0.02", "1900 meV/Å", "≥ 1", "not finite", "3 ± 2 meV/atom/ps", "37 steps", "≥ 400"):
        assert text in said, text
    assert (said.count("✓"), said.count("✗")) == (3, 3)
    assert "3 of 6 checks are within it" in said


def test_bars_end_on_the_right_side_of_the_limit():
    figure = findings(ROWS, [], "a model", LIGHT)
    judged = [r for r in ROWS if r.limit is not None]
    ends = [bar.get_x() + bar.get_width() for bar in figure.axes[0].patches]
    assert [end > 1.001 for end in ends] == [not r.passed for r in judged]


def test_traces_are_changes_in_mev():
    figure = findings(ROWS, TRACES, "a model", LIGHT)
    meeting, run = (
        next(line for line in a.lines if len(line.get_xdata()) > 1 and line.get_linestyle() == "-")
        for a in figure.subfigs[1].axes
    )
    assert meeting.get_ydata()[[0, -1]] == pytest.approx([-1000.0, 0.0])
    assert run.get_ydata() == pytest.approx([0.0, 1.0])  # of nine atoms; what is not a number is not drawn


def test_a_trace_without_numbers_says_so():
    empty = Trace(Way.RUN, np.arange(3.0), np.full(3, np.nan), 9)
    assert "no number came" in texts(findings(ROWS, [empty], "a model", LIGHT))


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_it_is_a_picture(style):
    picture = imread(io.BytesIO(png(findings(ROWS, TRACES, "a model", style))))
    assert picture.shape[1] > 1200
    assert picture.std() > 0.05
