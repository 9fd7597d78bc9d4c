"""The child compiles at low priority, once for all that wait for it, and says why it failed."""

from __future__ import annotations

import pickle
import subprocess

import pytest

from gaq.children import environment, python_command
from gaq.train.graph_cache import folder, keep, work_folder

KEY = f"{1:064x}"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def child(content: bytes, work: str = ".") -> subprocess.CompletedProcess[bytes]:
    command = python_command("-m", "gaq.train.compile_child", KEY, work, "1")
    return subprocess.run(
        command, input=content, capture_output=True, env=environment(), check=False, start_new_session=True, timeout=200
    )


def test_what_another_process_has_compiled_is_not_compiled_again():
    with work_folder() as work:
        (work / "made.so").write_bytes(b"a graph")
        kept = keep(KEY, work / "made.so")
    ended = child(b"not read")
    assert (ended.returncode, ended.stdout) == (0, b"")
    assert kept.read_bytes() == b"a graph"


@pytest.mark.parametrize(("content", "reason"), [(b"?", "UnpicklingError"), (pickle.dumps("text"), "TypeError")])
def test_a_failure_is_one_line_and_a_status(content, reason):
    ended = child(content)
    assert ended.returncode == 1
    (line,) = ended.stdout.decode().splitlines()
    assert line.startswith(f"{reason}: ")
    assert [path.name for path in folder().iterdir()] == [".lock"]
