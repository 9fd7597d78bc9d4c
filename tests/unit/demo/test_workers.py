"""Processes of the demo do what they are given, tell how far they are, and are gone when they should be."""

from __future__ import annotations

import os
import time

import pytest

from chores import Chore
from gaq.demo.workers import JobDone, News, Workers
from gaq.errors import Diverged, NotAvailable


def test_jobs_are_done_and_told_of(tmp_path):
    jobs = [Chore(name, path=tmp_path / name) for name in ("a", "b", "c")]
    heard = []
    with Workers(1) as workers:
        workers.run(jobs, heard.append)
        workers.run([Chore("d")], heard.append)
    done = [message for message in heard if isinstance(message, JobDone)]
    assert [message.job for message in done] == ["a", "b", "c", "d"]
    assert [message.summary for message in done] == [f"{name} is done" for name in "abcd"]
    assert News("a", "work", 0, 2) in heard
    assert News("a", "rest", 2, 2) in heard
    processes = {(tmp_path / name).read_text() for name in ("a", "b", "c")}
    assert len(processes) == 1
    assert str(os.getpid()) not in processes


def test_a_users_mistake_comes_back_as_what_it_is():
    with Workers(1) as workers, pytest.raises(Diverged, match="b: the loss is nan"):
        workers.run([Chore("a"), Chore("b", "refuse")], lambda message: None)


def test_a_fault_of_ours_comes_back_with_its_traceback():
    with Workers(1) as workers, pytest.raises(RuntimeError, match=r"(?s)Traceback.*a fault of ours"):
        workers.run([Chore("a", "break")], lambda message: None)


def test_a_process_that_is_killed_is_an_error_and_not_a_wait():
    with Workers(1) as workers, pytest.raises(NotAvailable, match=r"exit code -9.*`workers` 1"):
        workers.run([Chore("a", "die")], lambda message: None)


def test_no_process_is_left_behind(tmp_path):
    """Ctrl-C in the parent, while a job sleeps for a minute."""
    pid = tmp_path / "pid"

    def interrupt_when_it_runs(message):
        began = time.monotonic()
        while not (pid.exists() and pid.read_text()) and time.monotonic() - began < 30:
            time.sleep(0.02)
        raise KeyboardInterrupt

    began = time.monotonic()
    with Workers(1) as workers, pytest.raises(KeyboardInterrupt):
        workers.run([Chore("a", "sleep", pid)], interrupt_when_it_runs)
    assert time.monotonic() - began < 50
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
