"""Worker processes that run jobs one by one, report progress, and end on request.

They are spawned, not forked, so that each imports PyTorch separately.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Protocol

import gaq.errors
from gaq.children import safe_children
from gaq.errors import GaqError, NotAvailable, OutsideWarning

SECONDS_BETWEEN_NEWS = 0.25
SECONDS_TO_END = 5.0


@dataclass(frozen=True)
class News:
    """Progress of a stage of a job."""

    job: str
    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class JobDone:
    """A finished job, its duration, and a short result."""

    job: str
    seconds: float
    summary: str


@dataclass(frozen=True)
class JobFailed:
    """A job that raised: the class of a `GaqError`, or the traceback of a bug."""

    job: str
    error: str
    text: str


Tell = Callable[[str, int, int], None]  # stage, steps done, total steps
Listen = Callable[[News | JobDone], None]


class Job(Protocol):
    """Work for one process. It is pickled and writes its results to files."""

    @property
    def name(self) -> str: ...

    def run(self, tell: Tell) -> str:
        """Do the work and return a short result for the user."""
        ...


class Workers:
    """`with Workers(2) as workers: workers.run(jobs, listen)`; leaving the block ends running jobs."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._processes: dict[Connection, BaseProcess] = {}

    def __enter__(self) -> Workers:
        context = multiprocessing.get_context("spawn")
        for _ in range(self._count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs,), daemon=True)
            with _deaf(), safe_children():
                process.start()
            theirs.close()  # so that the pipe ends with the process
            self._processes[ours] = process
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes.values():
            process.terminate()
        for pipe, process in self._processes.items():
            process.join(SECONDS_TO_END)
            if process.is_alive():
                process.kill()
                process.join()
            pipe.close()

    def run(self, jobs: Sequence[Job], listen: Listen) -> None:
        """Run all jobs in order, as many at once as there are processes.

        Raises the `GaqError` of a job, and `NotAvailable` for a process that was killed.
        """
        waiting, busy = list(jobs), set[Connection]()
        for pipe in self._processes:
            _hand_out(pipe, waiting, busy)
        while busy:
            ready = wait(list(busy))
            for pipe in [p for p in busy if p in ready]:
                message = self._message(pipe)
                if isinstance(message, JobFailed):
                    raise _error(message)
                listen(message)
                if isinstance(message, JobDone):
                    busy.discard(pipe)
                    _hand_out(pipe, waiting, busy)

    def _message(self, pipe: Connection) -> News | JobDone | JobFailed:
        try:
            message: News | JobDone | JobFailed = pipe.recv()
        except (EOFError, ConnectionResetError):
            process = self._processes[pipe]
            process.join(SECONDS_TO_END)
            raise NotAvailable(
                f"a worker process ended early (exit code {process.exitcode}). A negative code is a signal: "
                "-9 is most often lack of memory; try `workers` 1."
            ) from None
        return message


def _hand_out(pipe: Connection, waiting: list[Job], busy: set[Connection]) -> None:
    if waiting:
        pipe.send(waiting.pop(0))
        busy.add(pipe)


def _error(message: JobFailed) -> Exception:
    kind = getattr(gaq.errors, message.error, None)
    if isinstance(kind, type) and issubclass(kind, GaqError):
        return kind(f"{message.job}: {message.text}")
    return RuntimeError(f"{message.job} failed:\n{message.text}")


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Start processes that ignore Ctrl-C; the parent handles it and ends them."""
    if threading.current_thread() is not threading.main_thread():  # Python forbids it in other threads
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work(pipe: Connection) -> None:
    """Run jobs until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    # The test frames differ from the training data on purpose: the table shows the effect.
    quiet = warnings.catch_warnings(action="ignore", category=OutsideWarning)
    with quiet, contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            _do(pipe.recv(), pipe)


def _do(job: Job, pipe: Connection) -> None:
    began = time.monotonic()
    try:
        summary = job.run(_teller(job.name, pipe))
    except (BrokenPipeError, ConnectionResetError):
        raise
    except GaqError as error:
        pipe.send(JobFailed(job.name, type(error).__name__, str(error)))
    except Exception:
        pipe.send(JobFailed(job.name, "", traceback.format_exc()))
    else:
        pipe.send(JobDone(job.name, time.monotonic() - began, summary))


def _teller(name: str, pipe: Connection) -> Tell:
    """Return a callback that sends progress at a limited rate."""
    last_stage, last_time = "", 0.0

    def tell(stage: str, done: int, total: int) -> None:
        nonlocal last_stage, last_time
        now = time.monotonic()
        if stage != last_stage or now - last_time > SECONDS_BETWEEN_NEWS:
            last_stage, last_time = stage, now
            pipe.send(News(name, stage, done, total))

    return tell


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
