"""A run in the output folder of a training is not lost by accident."""

from __future__ import annotations

import pytest

from gaq.cli.run_folder import CONFIG, RUN, expect_new_run, remove_run
from gaq.errors import BadFile, UsageError


@pytest.mark.parametrize("name", [*RUN, CONFIG])
def test_a_run_is_kept_unless_told(tmp_path, name):
    (tmp_path / name).write_text("weeks of training")
    with pytest.raises(UsageError, match="holds an earlier run"):
        expect_new_run(tmp_path, False, False, (*RUN, CONFIG))
    expect_new_run(tmp_path, False, True, (*RUN, CONFIG))
    assert (tmp_path / name).read_text() == "weeks of training"


def test_what_is_removed_is_a_run_and_nothing_else(tmp_path):
    for name in (*RUN, "notes.txt", "split.json"):
        (tmp_path / name).write_text("x")
    remove_run(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "split.json"]


def test_a_run_is_not_trained_over_its_own_parent(tmp_path):
    (tmp_path / "model.ckpt").write_text("the parent")
    for overwrite in (False, True):
        with pytest.raises(UsageError, match="is read by the same command"):
            expect_new_run(tmp_path, False, overwrite, inputs=[tmp_path / "model.ckpt"])


def test_a_resume_needs_something_to_resume(tmp_path):
    with pytest.raises(BadFile, match=r"no last\.ckpt to resume from"):
        expect_new_run(tmp_path, True, False)
    with pytest.raises(UsageError, match="choose one"):
        expect_new_run(tmp_path, True, True)
    (tmp_path / "last.ckpt").write_text("x")
    (tmp_path / "model.ckpt").write_text("x")
    expect_new_run(tmp_path, True, False, inputs=[tmp_path / "model.ckpt"])
