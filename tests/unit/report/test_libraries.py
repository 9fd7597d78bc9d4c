"""Libraries are found, or a sentence says how to get them; a file of another hash is refused."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess

import pytest

from gaq.errors import BadFile, NotAvailable
from gaq.extras import how_to_install
from gaq.report import libraries
from gaq.report.libraries import OFFLINE, cached_viewer, find_libraries, plotly_code, viewer_code


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_plotly_is_that_of_the_environment():
    pytest.importorskip("plotly")
    assert "plotly.js v" in plotly_code()[:200]


def test_without_plotly(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    found = find_libraries(movies=False)
    assert found.plotly is None
    assert found.missing == (f"plots need plotly, which is not installed. {how_to_install('report')}",)


def test_without_npm(monkeypatch):
    monkeypatch.delenv(OFFLINE, raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(NotAvailable, match="npm is not installed. Install it: apt-get install npm. .* npm pack 3dmol@"):
        viewer_code()


def test_nothing_is_fetched_when_told_not_to(monkeypatch):
    monkeypatch.setenv(OFFLINE, "1")
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: pytest.fail("npm was started"))
    with pytest.raises(NotAvailable, match="GAQ_OFFLINE is set"):
        viewer_code()


def test_npm_that_fails_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.delenv(OFFLINE, raising=False)
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(npm))
    with pytest.raises(NotAvailable, match="npm could not fetch 3Dmol.js"):
        viewer_code()
    assert not cached_viewer().exists()


def test_another_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "v.js").write_text("alert(1)")
    with pytest.raises(BadFile, match=r"v.js is not 3Dmol-min.js of 3dmol@.*expected"):
        viewer_code(tmp_path / "v.js")
    cached_viewer().parent.mkdir(parents=True)
    cached_viewer().write_text("alert(1)")
    with pytest.raises(BadFile, match="Remove it and fetch it again: npm pack"):
        viewer_code()


def test_what_was_fetched_once_is_kept(monkeypatch):
    monkeypatch.setattr(libraries, "VIEWER_SHA256", "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")
    cached_viewer().parent.mkdir(parents=True)
    cached_viewer().write_text("foo")
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: pytest.fail("npm was started"))
    assert find_libraries(movies=True).viewer == "foo"
    assert find_libraries(movies=False).viewer is None
