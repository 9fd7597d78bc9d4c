"""Who writes a file: this process is running, one that has ended is not, and another host cannot be seen."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gaq.owners import Owner, is_left_over, is_running, this_process


def ended() -> Owner:
    code = "from gaq.owners import this_process as p; o = p(); print(o.host, o.pid, o.started)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    host, pid, started = done.stdout.split()
    return Owner(host, int(pid), int(started))


def test_this_process_is_running():
    assert is_running(this_process()) is True
    assert is_left_over(this_process().token) is False


def test_a_process_that_has_ended_is_not():
    assert is_running(ended()) is False
    assert is_left_over(ended().token) is True


def test_a_later_process_with_the_same_number_is_another_one():
    mine = this_process()
    if not mine.started:
        pytest.skip("this system does not say when a process started")
    assert is_running(Owner(mine.host, mine.pid, mine.started + 1)) is False


def test_of_another_host_nothing_is_known():
    elsewhere = Owner("elsewhere.example", 1, 1)
    assert is_running(elsewhere) is None
    assert is_left_over(elsewhere.token) is None


@pytest.mark.parametrize("pid", [0, -1, -2, 10**30])
def test_numbers_of_no_process(pid):
    assert is_running(Owner(this_process().host, pid, 0)) is False
