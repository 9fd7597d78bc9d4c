"""Programs in processes that are stopped between requests, since some poll."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.programs.host_runs import HOSTS
from gaq.atoms.structure import Structure
from gaq.engine.motion import MotionState

PATIENCE = 300.0  # s for one answer


class Visited:
    def __init__(self, process: Any, pipe: Connection) -> None:
        self._process, self._pipe = process, pipe

    def evaluate(self, structure: Structure) -> tuple[float, np.ndarray]:
        """Return energy (eV) and forces (eV/Å)."""
        return self.ask(structure)

    def seconds(self, steps: int) -> float:
        """Return the time by the process's clock."""
        return self.ask(steps)

    def ask(self, question: Any) -> Any:
        """Request an answer. Raises `TimeoutError`."""
        if question is not None:
            os.kill(self._process.pid, signal.SIGCONT)
            self._pipe.send(question)
        if not self._pipe.poll(PATIENCE):
            raise TimeoutError(f"no answer within {PATIENCE} s")
        answer = self._pipe.recv()
        os.kill(self._process.pid, signal.SIGSTOP)
        return answer


@contextmanager
def visited(name: str, model: Path, state: MotionState) -> Iterator[Visited]:
    """Start one of `HOSTS` in a process."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(name, model, state, theirs), daemon=False)
    process.start()
    try:
        host = Visited(process, ours)
        host.ask(None)  # ready
        yield host
    finally:
        os.kill(process.pid, signal.SIGCONT)
        ours.send(None)
        process.join(20)
        process.kill()


def _work(name: str, model: Path, state: MotionState, pipe: Connection) -> None:
    # EOFError: the client has exited.
    with HOSTS[name](model, state) as host, suppress(EOFError):
        pipe.send("ready")
        while (question := pipe.recv()) is not None:
            if isinstance(question, Structure):
                pipe.send(host.evaluate(question))
            else:
                began = perf_counter()
                host.run(question)
                pipe.send(perf_counter() - began)
