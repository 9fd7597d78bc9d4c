"""Rows of other versions and of files that were cut short are shown as far as they go, the rest is named."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace

import pytest

from gaq.measure.ledger import COUNTS, TEXTS, Row, to_line, write_rows
from gaq.report.old_rows import UNKNOWN, read_old_rows

ROW = Row("force_mae", 3.0, "meV/Å", "a.ckpt", "w4", "torch", "d", 10, std_error=0.1, passed=True, limit=5.0)


def test_rows_of_this_version_come_back(tmp_path):
    full = replace(
        ROW, **{f.name: 0.25 for f in fields(Row) if f.name not in TEXTS | COUNTS | {"passed"}}, identity="a-16"
    )
    write_rows(tmp_path / "all.jsonl", [full])
    assert read_old_rows(tmp_path / "all.jsonl").rows == (full,)
    write_rows(tmp_path / "r.jsonl", [ROW, Row("drift", math.nan, "meV", "a", "w4", "native", "d", 1)])
    found = read_old_rows(tmp_path / "r.jsonl")
    assert found.rows[0] == ROW
    assert math.isnan(found.rows[1].value)
    assert found.notes == ()


def test_what_is_missing_is_filled_in_and_said(tmp_path):
    (tmp_path / "old.jsonl").write_text('{"metric": "wobble", "value": 2, "colour": "red"}\n')
    found = read_old_rows(tmp_path / "old.jsonl")
    assert found.rows == (Row("wobble", 2.0, "", "old", UNKNOWN, UNKNOWN, UNKNOWN, 0),)
    assert found.notes == (
        "old.jsonl: keys of another version are not shown: colour.",
        "old.jsonl: some rows lack data, engine, model, n, recipe, unit; they come from an older version.",
    )


def test_lines_that_are_not_whole_are_named(tmp_path):
    good = json.dumps(
        {"metric": "m", "value": 1.0, "unit": "", "model": "a", "recipe": "r", "engine": "e", "data": "d"}
    )
    lines = [good, "[1]", '{"value": 1}', '{"metric": "m", "value": "much"}', '{"metric": "m", "value": 1, "n": 1e400}']
    (tmp_path / "r.jsonl").write_text("\n".join([*lines, good[:20]]))
    found = read_old_rows(tmp_path / "r.jsonl")
    assert [row.value for row in found.rows] == [1.0, 1.0]
    said = " ".join(found.notes)
    assert "line 2: a row is a JSON object, not list" in said
    assert "line 3: it has no metric" in said
    assert "line 4: the value of m is 'much', no number" in said
    assert "line 6: invalid JSON; skipped." in said
    assert "r.jsonl ends in the middle of a line: the file was cut short." in said


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "r.jsonl").write_bytes(bytes(range(256)) * 4)
    found = read_old_rows(tmp_path / "r.jsonl")
    assert found.rows == ()
    assert "invalid JSON" in found.notes[0]


SEPARATORS = "\u2028\u2029\x85\x1c\x0b\x0c"


def test_separators_of_unicode_are_part_of_a_line(tmp_path):
    row = replace(ROW, model=f"a{SEPARATORS}b", data=SEPARATORS)
    write_rows(tmp_path / "r.jsonl", [row, ROW])
    found = read_old_rows(tmp_path / "r.jsonl")
    assert found.rows == (row, ROW)
    assert found.notes == ()


def test_a_file_of_nonsense_leaves_some_sentences_and_the_count_of_the_rest(tmp_path):
    (tmp_path / "r.jsonl").write_text("nonsense\n" * 5000)
    found = read_old_rows(tmp_path / "r.jsonl")
    assert len(found.notes) < 30
    assert "and 4980 more such lines." in found.notes


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"metric": "m", "value": ' + "9" * 5000 + "}",
        '{"metric": "m", "value": ' + "9" * 4000 + "}",
        '{"metric": "m", "value": {}}',
        '{"metric": ["m"], "value": 1}',
        '{"metric": "m", "value": "' + "x" * 3_000_000 + '"}',
    ],
    ids=["deep", "long", "large", "object", "list", "wide"],
)
def test_a_line_of_nonsense_is_a_sentence(tmp_path, line):
    (tmp_path / "r.jsonl").write_text(line + "\n" + to_line(ROW) + "\n")
    found = read_old_rows(tmp_path / "r.jsonl")
    assert found.rows == (ROW,)
    assert all(len(note) < 300 for note in found.notes)
