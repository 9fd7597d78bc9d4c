"""Work for tests of farms; a worker process imports it by this name. The first argument is what jobs share."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from gaq.engine.motion import Dynamics, MotionState, Unstable
from gaq.errors import Diverged, GaqError


def multiply(factor: int, number: int) -> int:
    return factor * number


def refuse(shared: object, job: object) -> None:
    raise Diverged(f"the loss of {job} is nan")


def break_down(shared: object, job: object) -> None:
    raise ValueError("a fault of ours")


def fall_apart(shared: object, last: MotionState) -> None:
    raise Unstable("m.gaq", Dynamics(0.5), last, "too hot")


def die(shared: object, job: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def chatter(shared: object, job: object) -> str:
    os.write(1, b"what a Fortran library prints")
    return os.environ["OMP_NUM_THREADS"]


def sleep_then_name(seconds: float, job: object) -> int:
    time.sleep(seconds)
    return os.getpid()


def leave_a_mark(shared: tuple[Path, float], name: str) -> str:
    folder, seconds = shared
    (folder / name).touch()
    time.sleep(seconds)
    return name


class Stranger(GaqError):
    """A mistake of a kind that only its own module knows."""


def refuse_strangely(shared: object, job: object) -> None:
    raise Stranger("strange")


class Unreadable:
    """Cannot be unpickled, as what a worker has no module for."""

    def __reduce__(self):
        return _missing, ()


def _missing() -> None:
    raise ModuleNotFoundError("No module named 'gaq_extra'")
