"""The farm that is this machine."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

import farm_jobs
from gaq.errors import Diverged, NotAvailable
from gaq.farm.local import LocalFarm
from gaq.farm.protocol import collect


def test_all_jobs_in_several_processes_which_stay():
    with LocalFarm(2) as farm:
        assert collect(farm, farm_jobs.multiply, 3, list(range(7))) == [0, 3, 6, 9, 12, 15, 18]
        names = collect(farm, farm_jobs.sleep_then_name, 0.2, list(range(4)))
        assert len(set(names)) == 2
        assert os.getpid() not in names
        assert set(collect(farm, farm_jobs.sleep_then_name, 0.2, list(range(4)))) == set(names)
        assert collect(farm, farm_jobs.multiply, 3, []) == []


def test_what_follows_is_a_job_of_its_place():
    seen: list[tuple[int, int]] = []

    def on_result(place: int, number: int) -> int | None:
        seen.append((place, number))
        return number if number < 20 else None

    with LocalFarm(2) as farm:
        farm.run(farm_jobs.multiply, 2, [1, 7], on_result)
    assert [n for place, n in seen if place == 0] == [2, 4, 8, 16, 32]
    assert [n for place, n in seen if place == 1] == [14, 28]


def test_failures_end_the_run():
    with LocalFarm(2) as farm, pytest.raises(Diverged, match="the loss of 1 is nan"):
        farm.run(farm_jobs.refuse, None, [1], lambda place, result: None)
    with LocalFarm(1) as farm, pytest.raises(NotAvailable, match="exit code -9"):
        farm.run(farm_jobs.die, None, [1, 2], lambda place, result: None)


@pytest.fixture
def hears_ctrl_c():
    """A shell makes what it starts in the background deaf to Ctrl-C, and tests may run there."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_when_there(mark: Path, times: int = 1) -> None:
    """Sends Ctrl-C to this process so many times, half a second apart, once the file is there."""

    def wait() -> None:
        while not mark.exists():
            time.sleep(0.02)
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)

    threading.Thread(target=wait, daemon=True).start()


def test_ctrl_c_waits_for_what_is_under_way(hears_ctrl_c, tmp_path):
    arrived: list[str] = []
    interrupt_when_there(tmp_path / "a")
    with LocalFarm(1) as farm, pytest.raises(KeyboardInterrupt):
        farm.run(farm_jobs.leave_a_mark, (tmp_path, 1.0), ["a", "b"], lambda place, name: arrived.append(name))
    assert arrived == ["a"]
    assert not (tmp_path / "b").exists()


def test_a_second_ctrl_c_does_not_wait(hears_ctrl_c, tmp_path):
    arrived: list[str] = []
    interrupt_when_there(tmp_path / "a", times=2)
    with LocalFarm(1) as farm, pytest.raises(KeyboardInterrupt):
        farm.run(farm_jobs.leave_a_mark, (tmp_path, 200.0), ["a", "b"], lambda place, name: arrived.append(name))
    assert arrived == []
