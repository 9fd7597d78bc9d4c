"""Only files of the same kind are replaced without `--overwrite`, and inputs never."""

from __future__ import annotations

import os

import pytest

from gaq.claims import AlreadyThere, FileKind, begins_with, claim, never
from gaq.errors import UsageError

PAGE = FileKind("a page", begins_with(b"<page>"))
RUN = FileKind("a run", never)


def test_what_is_not_there_or_empty_may_be_written(tmp_path):
    (tmp_path / "empty").touch()
    for kind in (PAGE, RUN):
        claim(tmp_path / "new", kind)
        claim(tmp_path / "empty", kind)


def test_its_own_kind_is_replaced_and_nothing_else(tmp_path):
    (tmp_path / "page").write_text("<page> old")
    (tmp_path / "thesis").write_text("The only copy")
    claim(tmp_path / "page", PAGE)
    with pytest.raises(AlreadyThere, match="thesis is there already and is not a page"):
        claim(tmp_path / "thesis", PAGE)
    claim(tmp_path / "thesis", PAGE, overwrite=True)


def test_what_is_costly_is_replaced_only_when_told(tmp_path):
    (tmp_path / "run").write_text("weeks")
    with pytest.raises(AlreadyThere, match="run is there already"):
        claim(tmp_path / "run", RUN)
    claim(tmp_path / "run", RUN, overwrite=True)


@pytest.mark.parametrize("how", ["itself", "link", "hard link"])
def test_an_input_is_never_an_output(tmp_path, how):
    (tmp_path / "page").write_text("<page>")
    other = tmp_path / "other"
    if how == "link":
        other.symlink_to(tmp_path / "page")
    elif how == "hard link":
        os.link(tmp_path / "page", other)
    else:
        other = tmp_path / "page"
    with pytest.raises(UsageError, match="is read by the same command"):
        claim(other, PAGE, overwrite=True, inputs=["embedded", None, tmp_path / "page"])


def test_a_device_is_no_file_to_lose():
    claim("/dev/null", RUN)


def test_a_file_that_cannot_be_read_is_of_no_kind(tmp_path, monkeypatch):
    (tmp_path / "page").write_text("<page>")
    from pathlib import Path

    def refuse(self, *_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AlreadyThere):
        claim(tmp_path / "page", PAGE)
