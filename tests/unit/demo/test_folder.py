"""The demo's folder is made anew, and nothing but the demo's own files is touched."""

from __future__ import annotations

import pytest

from gaq.demo.folder import LEDGER, MANIFEST, is_demo, start_anew
from gaq.demo.plan import DEMO_MODELS
from gaq.errors import UsageError


def test_a_new_folder_is_marked(tmp_path):
    out = tmp_path / "runs" / "demo"
    start_anew(out, {"seed": 1})
    assert is_demo(out)
    assert [path.name for path in out.iterdir()] == [MANIFEST]


def test_an_old_demo_is_removed_and_what_the_user_put_there_stays(tmp_path):
    start_anew(tmp_path, {})
    model = tmp_path / DEMO_MODELS[0].name / "model.ckpt"
    model.parent.mkdir()
    for file in (
        model,
        tmp_path / LEDGER,
        tmp_path / "notes.txt",
        tmp_path / "fresh-frames.npz.partial.0.npz",
    ):
        file.write_text("x")
    start_anew(tmp_path, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == [MANIFEST, "notes.txt"]


@pytest.mark.parametrize("manifest", [None, "[]", "not JSON", '{"kind": "something else"}'])
def test_a_folder_of_other_things_is_refused(tmp_path, manifest):
    (tmp_path / "thesis.tex").write_text("years of work")
    if manifest is not None:
        (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(UsageError, match="not of a demo. Choose another folder"):
        start_anew(tmp_path, {})
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
