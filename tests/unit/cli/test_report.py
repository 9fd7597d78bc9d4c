"""`gaq report` from the command line: what it writes, where, what it says, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gaq.cli.main import outcome
from gaq.measure.ledger import Row, read_rows, write_rows
from gaq.report.libraries import OFFLINE

MODELS = Path(__file__).resolve().parents[3] / "models"


@pytest.fixture(autouse=True)
def _offline(monkeypatch, tmp_path):
    """No test fetches anything."""
    monkeypatch.setenv(OFFLINE, "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def run(tmp_path):
    """A folder with rows."""
    folder = tmp_path / "run"
    folder.mkdir()
    write_rows(folder / "rows.jsonl", [Row("force_mae", 3.0, "meV/Å", "m", "w4", "torch", "d", 5)])
    return folder


def test_a_page_is_written_into_the_run(run, capsys, tmp_path):
    assert outcome(["report", str(run), "--json", str(tmp_path / "all.jsonl")]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"page: {run / 'report.html'}, ")
    assert " MB" in said
    assert "<h1>run</h1>" in (run / "report.html").read_text(encoding="utf-8")
    assert read_rows(tmp_path / "all.jsonl") == read_rows(run / "rows.jsonl")
    assert not [path for path in run.iterdir() if path.name.startswith(".")]


def test_facts_of_packed_files_are_those_of_inspect(run, tmp_path):
    model = MODELS / "rmd17-ethanol-mixed-w4a16.gaq"
    assert outcome(["report", str(run), str(model), "-o", str(tmp_path / "p.html")]) == 0
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "<dt>SHA-256</dt>" in text
    assert "<dt>bytes, weights</dt>" in text


def test_a_trajectory_without_the_viewer_is_told_with_the_command(run, tmp_path, capsys):
    (tmp_path / "a.xyz").write_text("1\nProperties=species:S:1:pos:R:3\nH 0 0 0\n")
    assert outcome(["report", str(tmp_path / "a.xyz"), str(run), "-o", str(tmp_path / "p.html")]) == 0
    assert "npm pack 3dmol@" in capsys.readouterr().out
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "npm pack 3dmol@" in text
    assert "a: 1 frames of 1 atoms" in text
    assert "id='stage'" not in text


def test_broken_models_and_lines_are_notes(run, capsys):
    (run / "broken.gaq").write_bytes(b"nonsense")
    with open(run / "rows.jsonl", "a", encoding="utf-8") as file:
        file.write('{"metric": "cut')
    assert outcome(["report", str(run)]) == 0
    said = capsys.readouterr().out
    assert "rows.jsonl, line 2: invalid JSON" in said
    assert "broken.gaq" in said


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_nothing_to_report_on_is_an_error(name, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert outcome(["report", str(tmp_path / name)]) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert error.startswith("BadFile: ")
    assert "rows (*.rows.jsonl next to models, *.jsonl), learning curves (curve.jsonl)" in error
    assert not (tmp_path / "empty" / "report.html").exists()


def test_a_page_that_cannot_be_written_leaves_the_old_one(run, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    assert outcome(["report", str(run), "-o", str(tmp_path / "file" / "p.html")]) == 2
    assert "a folder for the output was expected" in capsys.readouterr().err


def test_only_its_own_page_is_replaced_without_being_told(run, tmp_path, capsys):
    page = tmp_path / "page.html"
    for _ in range(2):
        assert outcome(["report", str(run), "-o", str(page)]) == 0
    page.write_text("<!doctype html><title>A page of mine</title>")
    assert outcome(["report", str(run), "-o", str(page)]) == 2
    assert "is there already and is not a page of `gaq report`" in capsys.readouterr().err
    assert "A page of mine" in page.read_text()
    assert outcome(["report", str(run), "-o", str(page), "--overwrite"]) == 0
    assert "A page of mine" not in page.read_text()


def test_an_older_page_is_not_read_as_a_run(run):
    for _ in range(2):
        assert outcome(["report", str(run)]) == 0
    (line,) = (run / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["metric"] == "force_mae"
