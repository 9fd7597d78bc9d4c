"""A file is what is in it, not what it is called; a folder without anything is refused, with what was wanted."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.errors import BadFile
from gaq.measure.predictions import Predictions, write_predictions
from gaq.report.discover import SourceKind, discover, kind_of
from gaq.simulate.log_file import HEAD

ONE = np.ones(1)


@pytest.fixture
def run(tmp_path):
    """One file of every kind, and some of none."""
    folder = tmp_path / "run"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "rows.jsonl").write_text('{"metric": "a", "value": 1}\n')
    (folder / "deep" / "curve.jsonl").write_text('{"epoch": 0, "force_mae": 1}\n')
    (folder / "deep" / "er" / "nve.log").write_text(HEAD)
    (folder / "deep" / "er" / "nve.xyz").write_text("1\n\nH 0 0 0\n")
    write_predictions(folder / "p.npz", [Predictions("m", "r", "e", "d", ONE, ONE, ONE, ONE, ONE)])
    (folder / "m.gaq").write_bytes(b"x")
    (folder / "manifest.json").write_text("{}")
    np.savez(folder / "frames.npz", positions=ONE)
    (folder / "training.xyz").write_text("1\n\nH 0 0 0\n")
    for name in ("last.ckpt", "notes.txt", ".hidden.jsonl", "other.log", "other.jsonl"):
        (folder / name).write_text('{"a": 1}')
    return folder


def test_everything_is_found(run):
    found = discover([run])
    assert {(s.path.name, s.kind) for s in found.sources} == {
        ("rows.jsonl", SourceKind.ROWS),
        ("curve.jsonl", SourceKind.CURVE),
        ("nve.log", SourceKind.LOG),
        ("nve.xyz", SourceKind.TRAJECTORY),
        ("p.npz", SourceKind.PREDICTIONS),
        ("m.gaq", SourceKind.MODEL),
        ("manifest.json", SourceKind.MANIFEST),
    }
    assert found.notes == (
        f"{run / 'training.xyz'} has no log of `gaq md` next to it and is not shown; name it to show it.",
    )


def test_a_file_that_is_named_is_taken_and_none_is_taken_twice(run):
    found = discover([run / "training.xyz", run / "rows.jsonl", run])
    assert [s.path.name for s in found.sources].count("rows.jsonl") == 1
    assert found.sources[0].kind is SourceKind.TRAJECTORY


def test_an_interrupted_training_has_a_curve_without_lines(tmp_path):
    (tmp_path / "curve.jsonl").write_text('{"epoch": 0, "for')
    assert kind_of(tmp_path / "curve.jsonl") is SourceKind.CURVE


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(BadFile, match=r"nothing to report on. Looked for rows .*curve.jsonl.*manifest.json, down to 3"):
        discover([tmp_path])


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadFile, match="no-such is not there. Name a folder"):
        discover([tmp_path / "no-such"])


def test_nonsense_beside_a_run_is_a_note_and_alone_is_refused(run, tmp_path):
    nonsense = tmp_path / "nonsense.bin"
    nonsense.write_bytes(bytes(range(256)))
    assert any("nonsense.bin was skipped" in note for note in discover([nonsense, run]).notes)
    with pytest.raises(BadFile, match="nothing to report on"):
        discover([nonsense])


def test_a_model_that_is_named_brings_what_was_kept_beside_it_and_a_trajectory_its_log(tmp_path):
    for name in ("m.gaq", "other.rows.jsonl", "nve.traj", "other.log"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "m.rows.jsonl").write_text('{"metric": "a", "value": 1}\n')
    (tmp_path / "nve.log").write_text(HEAD)
    write_predictions(tmp_path / "m.predictions.npz", [Predictions("m", "r", "e", "d", ONE, ONE, ONE, ONE, ONE)])
    found = discover([tmp_path / "m.gaq", tmp_path / "nve.traj"])
    assert [(s.path.name, s.kind) for s in found.sources] == [
        ("m.gaq", SourceKind.MODEL),
        ("m.rows.jsonl", SourceKind.ROWS),
        ("m.predictions.npz", SourceKind.PREDICTIONS),
        ("nve.traj", SourceKind.TRAJECTORY),
        ("nve.log", SourceKind.LOG),
    ]
