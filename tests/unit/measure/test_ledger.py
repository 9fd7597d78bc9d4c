"""Rows survive the file, and a file that is not a ledger is told by its line."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from gaq.errors import BadFile
from gaq.measure.ledger import (
    MOST_KEPT,
    Row,
    append_rows,
    find,
    keep_rows,
    kept_beside,
    read_rows,
    to_line,
    write_rows,
)

ROW = Row("force_mae", 6.25, "meV/Å", "a.ckpt", "w4", "torch", "rmd17/ethanol", 27, std_error=0.5, passed=True)


def test_rows_survive(tmp_path):
    rows = [
        ROW,
        replace(ROW, metric="lee_max", value=1e-300, rotations=32, frames_identical=0.5, std_error=None),
    ]
    write_rows(tmp_path / "l.jsonl", rows)
    assert read_rows(tmp_path / "l.jsonl") == rows


def test_only_keys_that_apply_are_written():
    keys = set(json.loads(to_line(ROW)))
    required = {"metric", "value", "unit", "model", "recipe", "engine", "data", "n"}
    assert keys == required | {"std_error", "passed"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_has_not_survive_too(tmp_path, value):
    write_rows(tmp_path / "l.jsonl", [replace(ROW, value=value)])
    json.loads((tmp_path / "l.jsonl").read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    (back,) = read_rows(tmp_path / "l.jsonl")
    assert back.value == value or (math.isnan(value) and math.isnan(back.value))


def test_append_keeps_what_was_there(tmp_path):
    file = tmp_path / "l.jsonl"
    append_rows(file, [ROW])
    append_rows(file, [replace(ROW, n=3)])
    assert [r.n for r in read_rows(file)] == [27, 3]


def test_append_to_a_broken_ledger_leaves_it_as_it_is(tmp_path):
    file = tmp_path / "l.jsonl"
    file.write_text("{broken\n")
    with pytest.raises(BadFile):
        append_rows(file, [ROW])
    assert file.read_text() == "{broken\n"


GOOD = json.loads(to_line(ROW))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('{"metric": "force_m', "line 2: not JSON"),
        ("[1, 2]", "line 2: a row is a JSON object, not list"),
        (json.dumps({k: v for k, v in GOOD.items() if k != "unit"}), "lacks unit"),
        (json.dumps(GOOD | {"std_eror": 1.0}), "unknown key 'std_eror'.*std_error"),
        (json.dumps(GOOD | {"value": "six"}), "value is 'six', not a number"),
        (json.dumps(GOOD | {"value": True}), "value is True, not a number"),
        (json.dumps(GOOD | {"n": 1.5}), "n is 1.5, not an integer"),
        (json.dumps(GOOD | {"value": []}), r"value is \[\], not a number"),
        (json.dumps(GOOD | {"limit": {"a": 1}}), "limit is {'a': 1}, not a number"),
        (json.dumps(GOOD | {"value": 10**400}), "value is 1000+, not a number"),
        ("[" * 100_000, "line 2: not JSON"),
        ('{"value": ' + "9" * 5000 + "}", "line 2: not JSON"),
        (json.dumps(GOOD | {"unit": 3}), "unit is 3, not a text"),
        (json.dumps(GOOD | {"passed": 1}), "passed is 1, not true or false"),
    ],
)
def test_a_broken_row_is_told_by_its_line(tmp_path, line, text):
    file = tmp_path / "l.jsonl"
    file.write_text(to_line(ROW) + "\n" + line + "\n")
    with pytest.raises(BadFile, match=text):
        read_rows(file)


def test_a_missing_or_binary_file_is_told(tmp_path):
    with pytest.raises(BadFile, match="no file"):
        read_rows(tmp_path / "none.jsonl")
    (tmp_path / "b").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadFile, match="not a ledger"):
        read_rows(tmp_path / "b")


def test_find_takes_the_last_and_passes_over_reference_rows():
    rows = [ROW, replace(ROW, value=7.0), replace(ROW, value=8.0, control="fp32-floor")]
    found = find(rows, "force_mae")
    assert found is not None
    assert found.value == 7.0
    assert find(rows, "lee_max") is None


def test_separators_of_unicode_are_part_of_a_line(tmp_path):
    row = replace(ROW, model="a\u2028b\u2029c\x85d\x1ce", data="\x0b\x0c")
    write_rows(tmp_path / "l.jsonl", [row, ROW])
    assert read_rows(tmp_path / "l.jsonl") == [row, ROW]


KEPT = replace(ROW, identity="abc-16")


def test_the_ledger_beside_a_model_has_its_name():
    assert str(kept_beside("runs/a/model.ckpt")) == "runs/a/model.rows.jsonl"
    assert str(kept_beside("m.v2.gaq")) == "m.v2.rows.jsonl"


def test_a_measurement_made_again_takes_the_place_of_the_older_one(tmp_path):
    file = tmp_path / "m.rows.jsonl"
    for value in (1.0, 2.0, 3.0):
        keep_rows(file, [replace(KEPT, value=value, n=int(value)), replace(KEPT, metric="lee_mean", value=value)])
    assert [(r.metric, r.value) for r in read_rows(file)] == [("force_mae", 3.0), ("lee_mean", 3.0)]


@pytest.mark.parametrize(
    "other", [{"data": "other"}, {"engine": "native"}, {"control": "fp32-floor"}, {"seed": 1}, {"metric": "lee_max"}]
)
def test_other_measurements_stay(tmp_path, other):
    file = tmp_path / "m.rows.jsonl"
    keep_rows(file, [KEPT])
    keep_rows(file, [replace(KEPT, **other)])
    assert read_rows(file) == [KEPT, replace(KEPT, **other)]


def test_rows_of_an_earlier_file_of_that_name_are_dropped(tmp_path):
    file = tmp_path / "m.rows.jsonl"
    packed, none = replace(KEPT, model="m.gaq"), replace(KEPT, identity=None, data="x")
    keep_rows(file, [KEPT, packed, none])
    new = replace(KEPT, identity="def-16", metric="lee_mean")
    keep_rows(file, [new])
    assert read_rows(file) == [packed, none, new]
    keep_rows(file, [replace(new, identity="def-8")])  # the same checkpoint, with another backward pass
    assert len(read_rows(file)) == 4


def test_the_ledger_beside_a_model_does_not_grow_without_end(tmp_path):
    file = tmp_path / "m.rows.jsonl"
    keep_rows(file, [replace(KEPT, data=str(n)) for n in range(MOST_KEPT + 10)])
    assert [r.data for r in read_rows(file)][:1] == ["10"]
    assert len(read_rows(file)) == MOST_KEPT


def test_a_file_that_is_no_ledger_is_left_as_it_is(tmp_path):
    file = tmp_path / "m.rows.jsonl"
    file.write_text("notes of mine\n")
    with pytest.raises(BadFile, match="not JSON"):
        keep_rows(file, [KEPT])
    assert file.read_text() == "notes of mine\n"
