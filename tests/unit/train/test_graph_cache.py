"""Graphs are kept whole, damaged ones are removed, and the cache stays within its bounds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gaq.children import environment
from gaq.train import graph_cache
from gaq.train.graph_cache import find, folder, forget, keep, only_one, work_folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def key(number: int) -> str:
    return f"{number:064x}"


def kept(number: int, content: bytes = b"a graph") -> Path:
    with work_folder() as work:
        made = work / "made.so"
        made.write_bytes(content)
        return keep(key(number), made)


def test_what_is_kept_is_found_by_its_key_alone():
    path = kept(1, b"one")
    assert find(key(1)) == path
    assert path.read_bytes() == b"one"
    assert find(key(2)) is None
    forget(path)
    assert find(key(1)) is None
    forget(path)


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:3] + b"?" + b[4:], lambda b: b""])
def test_a_damaged_one_is_removed(damage):
    path = kept(1)
    path.write_bytes(damage(path.read_bytes()))
    assert find(key(1)) is None
    assert not path.exists()


def test_a_file_of_another_name_is_not_loaded():
    (folder() / f"{key(1)}-evil.so").write_bytes(b"code")
    assert find(key(1)) is None


def test_those_used_longest_ago_go_first(monkeypatch):
    monkeypatch.setattr(graph_cache, "MOST_FILES", 3)
    for number in range(3):
        os.utime(kept(number), (number + 1, number + 1))
    assert find(key(0)) is not None  # used now
    kept(3)
    assert [find(key(n)) is not None for n in range(4)] == [True, False, True, True]


def test_the_newest_stays_however_large_it_is(monkeypatch):
    kept(1)
    monkeypatch.setattr(graph_cache, "MOST_BYTES", 4)
    kept(2)
    assert find(key(1)) is None
    assert find(key(2)) is not None


def test_work_folders_go_and_so_do_those_of_killed_processes():
    script = (
        "import os; from gaq.train.graph_cache import work_folder\n"
        "with work_folder() as work: (work / 'x').write_text('x'); os._exit(9)"
    )
    ended = subprocess.run([sys.executable, "-c", script], env=environment(), check=False)
    assert ended.returncode == 9
    assert len(list(folder().glob(".work-*"))) == 1
    with work_folder() as work:
        assert list(folder().glob(".work-*")) == [work]
    assert list(folder().glob(".work-*")) == []


def test_a_graph_is_made_by_one_process_at_a_time():
    script = (
        "import sys; from gaq.train.graph_cache import only_one\nwith only_one(sys.argv[1]): print('in', flush=True)"
    )

    def other(number: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", script, key(number << 208)]
        return subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)

    with only_one(key(1 << 208)):
        same, different = other(1), other(2)
        assert different.communicate(timeout=60)[0] == "in\n"
        with pytest.raises(subprocess.TimeoutExpired):
            same.wait(0.5)
    assert same.communicate(timeout=60)[0] == "in\n"
