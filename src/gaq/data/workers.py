"""The processes of a labelling run: started with one thread each, listened to, stopped gently."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import gaq.errors
from gaq.data.partial import Settings
from gaq.errors import GaqError, NotAvailable

Message = dict[str, str | int]


def run_replicas(settings: Settings, partials: list[Path], workers: int, progress: Callable[[int], None]) -> int:
    """Runs all replicas, worker w those numbered w, w + workers, …; returns the number of frames.

    On Ctrl-C each process saves the frame it is at, and the number is smaller than asked for. Raises what a
    replica raised, and NotAvailable when a process was killed.
    """
    counts = [0] * settings.replicas
    messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
    with _workers(settings, partials, min(workers, settings.replicas), messages) as processes:
        running = len(processes)
        try:
            while running:
                message = messages.get()
                if message is None:
                    running -= 1
                elif "error" in message:
                    raise _error(message)
                else:
                    counts[int(message["replica"])] = int(message["frames"])
                    progress(sum(counts))
        except KeyboardInterrupt:
            _stop(processes)
            while running:  # each saves the frame it is at
                message = messages.get()
                running -= message is None
                if message is not None and "replica" in message:
                    counts[int(message["replica"])] = int(message["frames"])
            return sum(counts)
        _check_exits(settings, processes, sum(counts))
    return sum(counts)


@contextlib.contextmanager
def _workers(
    settings: Settings,
    partials: list[Path],
    count: int,
    messages: queue.SimpleQueue[Message | None],
) -> Iterator[list[subprocess.Popen[str]]]:
    """Worker processes with one thread each; what they say goes to `messages`, None when one has ended."""
    one_thread = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    search = os.pathsep.join(part for part in sys.path if part)
    processes = []
    try:
        for worker in range(count):
            process = subprocess.Popen(
                [sys.executable, "-m", "gaq.data.replica"],
                env=os.environ | one_thread | {"PYTHONPATH": search},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                start_new_session=True,  # Ctrl-C reaches the parent alone, which asks them to save
            )
            processes.append(process)
            job = {
                "settings": asdict(settings),
                "replicas": [[r, str(partials[r])] for r in range(worker, settings.replicas, count)],
            }
            assert process.stdin is not None
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            threading.Thread(target=_listen, args=(process, messages), daemon=True).start()
        yield processes
    finally:
        _stop(processes)
        for process in processes:
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    if stream is not None:
                        stream.close()


def _listen(process: subprocess.Popen[str], messages: queue.SimpleQueue[Message | None]) -> None:
    assert process.stdout is not None
    with contextlib.suppress(ValueError):  # closed while we were reading
        for line in process.stdout:
            messages.put(json.loads(line))
    messages.put(None)


def _stop(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()


def _error(message: Message) -> GaqError:
    kind = getattr(gaq.errors, str(message["error"]), GaqError)
    return kind(str(message["text"]))


def _check_exits(settings: Settings, processes: list[subprocess.Popen[str]], frames: int) -> None:
    codes = [process.wait() for process in processes]
    if frames < settings.frames:
        raise NotAvailable(
            f"a worker process ended early (exit codes {codes}) after {frames} of {settings.frames} frames. "
            f"What was made is kept; --resume goes on. A negative code is a signal: -9 is most often lack "
            f"of memory."
        )
