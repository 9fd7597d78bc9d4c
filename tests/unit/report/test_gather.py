"""Runs are read as far as they go, told apart where they have the same name, and rows of one model come together."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gaq.measure.ledger import Row, write_rows
from gaq.report.discover import discover
from gaq.report.gather import gather, merged
from gaq.report.tables import by_model
from gaq.simulate.log_file import HEAD


def row(metric="force_mae", value=3.0, **changes) -> Row:
    about = {"model": "m.gaq", "recipe": "w4", "engine": "native", "data": "d", "n": 5} | changes
    return Row(metric, value, "meV/Å", **about)


def test_rows_of_one_model_come_together_and_repeated_ones_are_one():
    evaluate, md = [row(), row("lee_mean", 0.1)], [row("drift", 0.2, data="start.xyz")]
    assert merged([("b", md), ("a", evaluate), ("c", evaluate)]) == [*evaluate, *md]


def test_two_runs_that_measured_the_same_otherwise_are_told_apart():
    found = merged([("first", [row()]), ("second", [row(value=4.0), row("drift", 1.0)]), ("third", [row(recipe="w8")])])
    assert [r.model for r in found] == ["first/m.gaq", "second/m.gaq", "second/m.gaq", "m.gaq"]


def test_a_checkpoint_and_its_packed_file_are_one_model():
    evaluated = [row(model="model.ckpt", identity="a-16"), row("lee_mean", 0.1, model="model.ckpt", identity="a-16")]
    bench = [row("latency_ms", 1.0, model="small.gaq", identity="a-16")]
    for order in ([("run", evaluated), (".", bench)], [(".", bench), ("run", evaluated)]):
        found = merged(order)
        assert {(r.model, r.recipe) for r in found} == {("small.gaq", "w4")}
        assert [r.metric for r in found] == ["force_mae", "lee_mean", "latency_ms"]


def test_models_of_one_name_and_recipe_are_told_apart_by_their_runs():
    one, other = row(model="model.ckpt", identity="a-16"), row(model="model.ckpt", identity="b-16")
    assert [r.model for r in merged([("x", [one]), ("y", [other])])] == ["x/model.ckpt", "y/model.ckpt"]
    assert [r.model for r in merged([("x", [one]), ("y", [replace(other, recipe="w8")])])] == ["model.ckpt"] * 2


def test_rows_of_one_model_measured_twice_do_not_tear_it_apart():
    found = merged([("x", [row(identity="a-16")]), ("y", [row(value=4.0, identity="a-16")])])
    assert {r.model for r in found} == {"m.gaq"}
    assert by_model(found)["m.gaq", "w4", "native"][-1].value == 4.0


def test_times_that_differ_do_not_tear_a_model_apart():
    assert {r.model for r in merged([("a", [row(), row("latency_ms", 1.0)]), ("b", [row("latency_ms", 2.0)])])} == {
        "m.gaq"
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_numbers_are_equal_to_themselves(value):
    assert {r.model for r in merged([("a", [row(value=value)]), ("b", [row(value=value)])])} == {"m.gaq"}


def test_folders_of_one_name_are_told_apart_by_those_above(tmp_path):
    for place in ("one/run", "two/run"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "curve.jsonl").write_text('{"epoch": 0, "energy_mae": 1, "force_mae": 2}\n')
        (tmp_path / place / "model.ckpt").write_text("x")
    found = gather(discover([tmp_path / "one" / "run", tmp_path / "two" / "run"]))
    assert [curve.name for curve in found.curves] == ["one/run", "two/run"]
    assert found.notes == []


def test_an_interrupted_run_is_shown_and_said(tmp_path):
    (tmp_path / "curve.jsonl").write_text('{"epoch": 0, "energy_mae": 1, "force_mae": 2}\n{"epoch": 1, "ene')
    write_rows(tmp_path / "rows.jsonl", [row()])
    with open(tmp_path / "rows.jsonl", "a", encoding="utf-8") as file:
        file.write('{"metric": "dri')
    (tmp_path / "nve.log").write_text(HEAD)
    (tmp_path / "nve.xyz").write_text("3\nPropert")
    (tmp_path / "manifest.json").write_text('{"kind": ')
    found = gather(discover([tmp_path]))
    assert (len(found.rows), len(found.curves), len(found.runs), len(found.movies)) == (1, 1, 0, 0)
    said = "\n".join(found.notes)
    for part in (
        "rows.jsonl, line 2: invalid JSON",
        "line 2: not an epoch",
        "no model.ckpt: it was interrupted, and `gaq train` can resume it",
        "nve.log has no complete record",
        "nve.xyz has no complete frame",
        "manifest.json is not JSON",
    ):
        assert part in said


def test_epochs_go_on_from_where_the_manifest_says(tmp_path):
    (tmp_path / "w4").mkdir()
    (tmp_path / "manifest.json").write_text(json.dumps({"epochs_before": {"w4": 64}}))
    (tmp_path / "w4" / "curve.jsonl").write_text('{"epoch": 0, "energy_mae": 1, "force_mae": 2}\n')
    (curve,) = gather(discover([tmp_path])).curves
    assert curve.epoch.tolist() == [65]
