"""A lock keeps a second process out and names the first; what ended processes left is taken over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from gaq.errors import BadFile
from gaq.locks import lock_path, locked
from gaq.owners import this_process

HOLD = """
import sys, time
from gaq.locks import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(output) -> subprocess.Popen:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(output)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_refused_with_host_and_process_named(tmp_path):
    output = tmp_path / "run.state"
    with holder(output) as other:
        told = rf"run.state is being written by process {other.pid} on host "
        with pytest.raises(BadFile, match=told) as caught, locked(output):
            pass
        assert this_process().host in str(caught.value)
        assert lock_path(output).exists()
        other.send_signal(signal.SIGKILL)
    assert lock_path(output).exists()  # nobody could remove it
    with locked(output):
        assert json.loads(lock_path(output).read_text())["pid"] == os.getpid()
    assert not lock_path(output).exists()


def test_the_same_process_does_not_lock_twice(tmp_path):
    with locked(tmp_path / "a"), pytest.raises(BadFile, match=str(os.getpid())), locked(tmp_path / "a"):
        pass


def test_outputs_do_not_lock_each_other(tmp_path):
    with locked(tmp_path / "a"), locked(tmp_path / "b"), locked(tmp_path):
        assert sorted(path.name for path in tmp_path.iterdir()) == [".a.lock", ".b.lock", ".lock"]
    assert list(tmp_path.iterdir()) == []


def signed(tmp_path, **about):
    lock_path(tmp_path / "a").write_text(
        json.dumps({"host": this_process().host, "pid": 1, "started": 0, "since": "today"} | about)
    )


def test_a_lock_of_another_host_says_how_to_remove_it(tmp_path):
    signed(tmp_path, host="elsewhere.example", pid=4321)
    told = r"process 4321 on host elsewhere\.example since today.*remove .*\.a\.lock"
    with pytest.raises(BadFile, match=told), locked(tmp_path / "a"):
        pass


def test_a_live_process_holds_it_even_where_the_system_has_no_locks(tmp_path, monkeypatch):
    """Such as some network file systems: the name in the file has to do."""
    import fcntl

    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    mine = this_process()
    signed(tmp_path, pid=mine.pid, started=mine.started)
    with pytest.raises(BadFile, match=f"process {mine.pid}"), locked(tmp_path / "a"):
        pass
    signed(tmp_path, pid=mine.pid, started=mine.started + 1)  # a process that has ended
    with locked(tmp_path / "a"):
        pass


def test_a_file_that_is_no_lock_is_not_destroyed(tmp_path):
    lock_path(tmp_path / "a").write_text("my notes")
    with pytest.raises(BadFile, match="is not a lock of gaq"), locked(tmp_path / "a"):
        pass
    assert lock_path(tmp_path / "a").read_text() == "my notes"


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("")
    lock_path(tmp_path / "a").symlink_to(tmp_path / "precious")
    with pytest.raises(BadFile, match="cannot lock"), locked(tmp_path / "a"):
        pass
    assert (tmp_path / "precious").read_text() == ""


def test_an_empty_lock_is_taken(tmp_path):
    """Of a process that was killed between making it and signing it."""
    lock_path(tmp_path / "a").touch()
    with locked(tmp_path / "a"):
        pass


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(BadFile, match="cannot lock .*no such file"), locked(tmp_path / "missing" / "a"):
        pass
