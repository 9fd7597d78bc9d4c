"""Code is loaded from a folder only if nobody but its user can have put it there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from gaq.cache import cache_folder, private_folder
from gaq.errors import BadFile


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_it_is_where_the_user_says(home, monkeypatch, tmp_path):
    assert cache_folder() == home / "gaq"
    for not_absolute in ("", "relative"):  # which the specification of XDG says to ignore
        monkeypatch.setenv("XDG_CACHE_HOME", not_absolute)
        monkeypatch.setenv("HOME", str(tmp_path))
        assert cache_folder() == tmp_path / ".cache" / "gaq"


def test_asking_makes_nothing(home):
    cache_folder()
    assert not home.exists()


def test_a_private_folder_is_for_its_user_whatever_the_umask(home):
    before = os.umask(0)
    try:
        path = private_folder("graphs")
    finally:
        os.umask(before)
    for folder in (path, path.parent, home):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert private_folder("graphs") == path


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o1777])
def test_one_that_others_can_write_to_is_refused(home, mode):
    private_folder("graphs").chmod(mode)
    with pytest.raises(BadFile, match=r"other users can write to .*graphs.*chmod go-w .*XDG_CACHE_HOME"):
        private_folder("graphs")


def test_so_is_one_that_others_can_replace(home):
    private_folder("graphs")
    home.chmod(0o777)
    with pytest.raises(BadFile, match=r"other users can write to .*cache, so compiled code in .*graphs"):
        private_folder("graphs")
    home.chmod(0o1777)  # as /tmp: files of others can be neither renamed nor removed
    private_folder("graphs")


def test_a_link_to_a_shared_folder_is_seen_through(home, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (home / "gaq").mkdir(parents=True)
    (home / "gaq" / "graphs").symlink_to(shared)
    with pytest.raises(BadFile, match=r"other users can write to .*shared"):
        private_folder("graphs")


def test_one_of_another_user_is_refused(home, monkeypatch):
    private_folder("graphs")
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    with pytest.raises(BadFile, match="belongs to another user"):
        private_folder("graphs")


def test_a_file_in_its_place_is_said(home):
    (home / "gaq").mkdir(parents=True)
    (home / "gaq" / "graphs").write_text("a file")
    with pytest.raises(BadFile, match=r"graphs.*XDG_CACHE_HOME"):
        private_folder("graphs")
