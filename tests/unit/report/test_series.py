"""Curves and logs are read as far as they are whole; what is not is a sentence, not a traceback."""

from __future__ import annotations

import json
import math

import pytest

from gaq.errors import BadFile
from gaq.report.series import read_curve, read_run
from gaq.simulate.log_file import HEAD


def epoch(**changes) -> str:
    line = {"epoch": 0, "loss": 1.0, "energy_mae": 5.0, "force_mae": 20.0, "seconds": 1.0} | changes
    return json.dumps({key: value for key, value in line.items() if value is not None}) + "\n"


def record(step: int, potential: float, heat: float = 0.0) -> str:
    return f"{step} {0.5 * step} {potential} 1.0 {heat} 300.0 0 0 0 0 0 0\n"


def test_a_curve_counts_epochs_made(tmp_path):
    (tmp_path / "c.jsonl").write_text(epoch() + epoch(epoch=1, force_mae=10.0))
    curve, notes = read_curve(tmp_path / "c.jsonl", "w4", after=60)
    assert curve.epoch.tolist() == [61, 62]
    assert curve.force_mae.tolist() == [20.0, 10.0]
    assert notes == []


def test_a_curve_that_was_cut_short_keeps_what_is_whole(tmp_path):
    (tmp_path / "c.jsonl").write_text(epoch() + epoch(epoch=1, energy_mae=None) + epoch(epoch=2)[:25])
    curve, notes = read_curve(tmp_path / "c.jsonl", "w4")
    assert curve.epoch.tolist() == [1, 2]
    assert math.isnan(curve.energy_mae[1])
    assert notes == ["c.jsonl of w4, line 3: not an epoch; skipped."]


@pytest.mark.parametrize(
    "text",
    ["not JSON\n", epoch(force_mae=None), "[1, 2]\n", "[" * 100_000, epoch(epoch=10**400), epoch(force_mae=[1])],
)
def test_no_curve_at_all(tmp_path, text):
    (tmp_path / "c.jsonl").write_text(text)
    with pytest.raises(BadFile, match=r"c.jsonl is not a learning curve.*Train again"):
        read_curve(tmp_path / "c.jsonl", "w4")


def test_a_log_is_the_change_of_what_is_conserved(tmp_path):
    (tmp_path / "a.log").write_text(HEAD + record(0, -5.0) + record(10, -4.0, heat=0.9) + "20 10.0 -4.5 1")
    run, notes = read_run(tmp_path / "a.log", "a")
    assert run.time.tolist() == [0.0, 5.0]
    assert run.change.tolist() == pytest.approx([0.0, 100.0])  # meV: an eV up, of which 0.9 were given
    assert run.thermostat
    assert notes == ["a.log, line 4: not a complete record; skipped."]


def test_a_log_without_numbers(tmp_path):
    (tmp_path / "a.log").write_text(HEAD)
    with pytest.raises(BadFile, match="no complete record"):
        read_run(tmp_path / "a.log", "a")


def test_a_log_whose_energy_is_lost_keeps_its_gap(tmp_path):
    (tmp_path / "a.log").write_text(HEAD + record(0, -5.0) + record(1, math.nan) + record(2, -5.0))
    run, _ = read_run(tmp_path / "a.log", "a")
    assert [math.isnan(x) for x in run.change] == [False, True, False]


def test_a_log_of_nonsense_leaves_some_sentences(tmp_path):
    (tmp_path / "a.log").write_text(HEAD + record(0, -5.0) + "x y\n" * 1000 + "1 " * 500_000)
    run, notes = read_run(tmp_path / "a.log", "a")
    assert len(run.time) == 1
    assert len(notes) < 30
