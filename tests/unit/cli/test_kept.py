"""What commands leave beside a model, and the verdict that follows from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaq.atoms.structure import Labels, Prediction
from gaq.cli import kept
from gaq.cli.kept import counts, keep, keep_each, keep_predictions, known_of, signed, verdict_lines
from gaq.locks import locked
from gaq.measure.ledger import Row, kept_beside, read_rows
from gaq.measure.limits import STABLE_STEPS
from gaq.measure.predictions import predictions, predictions_beside, read_predictions

ROW = Row("force_mae", 3.0, "meV/Å", "m.gaq", "w4", "native", "d", 5, identity="abc-16")
ABOUT = {"lee_mean": 0.0, "path_work": 0.01, "drift": 0.001, "stability": float(STABLE_STEPS)}
GOOD = [replace(ROW, metric=m, value=v, passed=True if m == "stability" else None) for m, v in ABOUT.items()]


def said_of(model, rows) -> str:
    (line,) = verdict_lines(model, rows)
    return line


def on(data: str, rows: list[Row]) -> list[Row]:
    return [replace(r, data=data) for r in rows]


def said(frames: int = 2):
    labels = [Labels(0.0, np.ones((2, 3)))] * frames
    found = [Prediction(0.1, np.ones((2, 3)))] * frames
    return predictions(("m.gaq", "w4", "native", "d"), labels, found)


def test_rows_are_kept_beside_the_model(tmp_path):
    assert keep(tmp_path / "m.gaq", [ROW]) == []
    assert read_rows(tmp_path / "m.rows.jsonl") == [ROW]
    assert keep(tmp_path / "none.gaq", []) == []
    assert not (tmp_path / "none.rows.jsonl").exists()


def test_a_file_of_another_kind_is_left_alone_and_named(tmp_path):
    (tmp_path / "m.rows.jsonl").write_text("mine\n")
    (note,) = keep(tmp_path / "m.gaq", [ROW])
    assert "were not written next to m.gaq" in note
    assert (tmp_path / "m.rows.jsonl").read_text() == "mine\n"


def test_rows_wait_for_nobody_and_none_are_lost(tmp_path):
    model = tmp_path / "m.gaq"
    assert keep(model, [ROW]) == []
    with locked(kept_beside(model)):
        (note,) = keep(model, [replace(ROW, value=4.0)])
    assert "is being written by process" in note
    assert [row.value for row in read_rows(kept_beside(model))] == [3.0]


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    (note,) = keep(tmp_path / "none" / "m.gaq", [ROW])
    assert "were not written" in note


def test_rows_of_several_models_go_beside_each(tmp_path):
    files = {"a.gaq": tmp_path / "a.gaq", "b.ckpt": tmp_path / "b.ckpt", "x/c.ckpt": tmp_path / "c.ckpt"}
    rows = [replace(ROW, model=name) for name in (*files, "another")]
    assert keep_each(files, rows) == []
    assert [[r.model for r in read_rows(kept_beside(f))] for f in files.values()] == [["a.gaq"], ["b.ckpt"], ["c.ckpt"]]


def test_predictions_are_kept_and_those_of_others_are_not_replaced(tmp_path, monkeypatch):
    model = tmp_path / "m.gaq"
    for _ in range(2):
        assert keep_predictions(model, said()) == []
    assert len(read_predictions(predictions_beside(model))) == 1
    np.savez(predictions_beside(model), positions=np.ones(3))
    (note,) = keep_predictions(model, said())
    assert "holds something else" in note
    monkeypatch.setattr(kept, "MOST_COMPONENTS", 5)
    (note,) = keep_predictions(tmp_path / "n.gaq", said())
    assert "too many" in note
    assert not predictions_beside(tmp_path / "n.gaq").exists()


def test_times_say_how_busy_the_machine_was_and_others_do_not():
    rows = signed([ROW, replace(ROW, metric="latency_ms", identity=None)], "x-8", 0.4)
    assert [(r.identity, r.busy) for r in rows] == [("x-8", None), ("x-8", 0.4)]


@pytest.mark.parametrize(("timestep", "metric", "held"), [(0.5, "stability", True), (50.0, "stability", False)])
def test_a_run_with_too_long_steps_is_not_held_against_the_model(timestep, metric, held):
    assert counts(replace(ROW, metric=metric), timestep) is held
    assert counts(replace(ROW, metric="latency_ms"), timestep)


def test_the_verdict_takes_what_was_measured_before_of_the_same_model(tmp_path):
    model = tmp_path / "m.gaq"
    assert said_of(model, GOOD) == "no verdict: accuracy not measured"
    keep(model, [ROW])
    assert said_of(model, GOOD) == "verdict: NVE"
    assert "accuracy not measured" in said_of(model, [replace(r, identity="other-16") for r in GOOD])
    assert "accuracy not measured" in said_of(None, GOOD)


def test_a_measurement_made_now_counts_before_the_same_one_of_before(tmp_path):
    model = tmp_path / "m.gaq"
    broken = replace(GOOD[-1], value=9.0, passed=False)
    keep(model, [ROW, broken])
    assert said_of(model, GOOD) == "verdict: NVE"
    assert "broke at step 9" in said_of(model, GOOD[:-1])


BAD = [replace(r, value=900.0) for r in [ROW, *GOOD] if r.metric in ("force_mae", "lee_mean", "path_work")]
BROKEN = replace(GOOD[-1], value=9.0, passed=False)


@pytest.mark.parametrize("metric", ["force_mae", "lee_mean", "path_work"])
def test_what_fails_on_other_data_does_not_count(tmp_path, metric):
    model = tmp_path / "m.gaq"
    keep(model, on("other", [r for r in BAD if r.metric == metric]))
    assert said_of(model, [ROW, *GOOD]) == "verdict: NVE"
    rest = on("other", [r for r in [ROW, *GOOD] if r.metric != metric])
    assert said_of(model, rest).startswith(f"verdict: not for MD because of {metric}")


def test_what_is_good_on_other_data_does_not_count_either(tmp_path):
    model = tmp_path / "m.gaq"
    keep(model, on("other", [ROW, *GOOD]))
    assert said_of(model, GOOD) == "no verdict: accuracy not measured"


def test_a_short_run_that_broke_on_other_data_does_not_count_and_one_from_a_start_does(tmp_path):
    model = tmp_path / "m.gaq"
    keep(model, on("other", [*BAD, BROKEN]))
    assert said_of(model, [ROW, *GOOD]) == "verdict: NVE"
    keep(model, on("start", [BROKEN]))
    assert said_of(model, [ROW, *GOOD]) == "verdict: not for MD because of a run from start that broke at step 9"


def test_a_run_is_judged_with_each_data_set_and_with_its_own_if_it_has_one(tmp_path):
    model, run = tmp_path / "m.gaq", on("start", GOOD[-2:])
    assert verdict_lines(model, run) == ["no verdict: symmetry, conservation, accuracy not measured"]
    keep(model, [*on("weird", BAD), ROW, *GOOD])
    bad, good = verdict_lines(model, run)
    assert bad.startswith("verdict: not for MD because of lee_mean 900")
    assert bad.endswith(", with the measurements on weird")
    assert good == "verdict: NVE, with the measurements on d"
    assert said_of(model, on("d", run)) == "verdict: NVE"


def test_of_many_data_sets_the_last_measured_are_named(tmp_path):
    model = tmp_path / "m.gaq"
    for number in range(5):
        keep(model, on(f"d{number}", [ROW, *GOOD]))
    keep(model, on("d1", [ROW, *GOOD]))
    assert [line.split()[-1] for line in verdict_lines(model, on("start", GOOD[-2:]))] == ["d3", "d4", "d1"]


def test_a_damaged_ledger_does_not_hide_the_verdict(tmp_path):
    (tmp_path / "m.rows.jsonl").write_text("{broken\n")
    assert said_of(tmp_path / "m.gaq", [ROW, *GOOD]) == "verdict: NVE"


def test_rows_of_other_identities_and_of_no_ledger_are_not_known(tmp_path):
    model = tmp_path / "m.gaq"
    assert known_of(model, {"abc-16"}) == []
    keep(model, [ROW, replace(ROW, identity=None), replace(ROW, model="other.gaq", identity="x-8")])
    assert known_of(model, {"abc-16"}) == [ROW]
    kept_beside(model).write_text("{broken\n")
    assert known_of(model, {"abc-16"}) == []
