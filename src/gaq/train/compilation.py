"""A compilation that runs in a child process of low priority while this one trains."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import tempfile
import time
import weakref
from typing import IO

import torch

from gaq.children import environment, python_command
from gaq.train.graph_cache import work_folder
from gaq.train.loss_graph import LossGraph

MOST_CHARACTERS = 300  # of what a failed child says
GRACE = 10.0  # s for the child to end after it was killed


class CompilationFailed(Exception):
    """The child ended without a graph; the text is the reason, one line."""


class Compilation:
    """Started when it is made. `close` ends it in whatever state it is and leaves nothing behind."""

    def __init__(self, graph: LossGraph, key: str) -> None:
        """Raises `CompilationFailed` for a network that cannot be sent to another process, and `BadFile` or OSError
        where it cannot work.
        """
        self.seconds, self._began = 0.0, time.monotonic()
        stack = contextlib.ExitStack()
        self.close = weakref.finalize(self, stack.close)
        try:
            self._said = stack.enter_context(_nameless_file())
            self._child = _started(graph, key, self._said, stack)
        except BaseException:
            self.close()
            raise

    def is_done(self) -> bool:
        """Return whether the graph is in the cache. Raises `CompilationFailed`."""
        status = self._child.poll()
        if status is None:
            return False
        if not self.close.alive:
            return True
        self.seconds = time.monotonic() - self._began
        self._said.seek(0)
        said = self._said.read().decode("utf-8", "replace").strip().rpartition("\n")[2][:MOST_CHARACTERS]
        self.close()
        if status:
            ended = f"it was ended by signal {-status}" if status < 0 else f"it ended with status {status}"
            raise CompilationFailed(said or ended)
        return True

    def wait(self) -> None:
        """Wait for its end; what came of it says `is_done`."""
        self._child.wait()


def _started(graph: LossGraph, key: str, said: IO[bytes], stack: contextlib.ExitStack) -> subprocess.Popen[bytes]:
    """Return the child; `stack` ends it and removes its files."""
    job = stack.enter_context(_nameless_file())
    try:
        pickle.dump(graph, job)
    except Exception as error:  # whatever a part of a network raises that is not data
        raise CompilationFailed(f"the network cannot be sent to another process: {error}") from error
    job.seek(0)
    work = stack.enter_context(work_folder())
    places = {"TORCHINDUCTOR_CACHE_DIR": str(work / "inductor"), "TMPDIR": str(work)}
    single = {"TORCHINDUCTOR_COMPILE_THREADS": "1"}  # no pool of processes, which one graph has no use for
    child = subprocess.Popen(
        python_command("-m", "gaq.train.compile_child", key, str(work), str(torch.get_num_threads())),
        stdin=job,
        stdout=said,
        stderr=subprocess.DEVNULL,
        env=environment() | places | single,
        start_new_session=True,  # Ctrl-C is for the training, which saves first; compilers are in the group too
    )
    stack.callback(_end, child)
    return child


def _nameless_file() -> IO[bytes]:
    """Return a file that is gone when it is closed, and that nobody else can open."""
    return tempfile.TemporaryFile()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and the compilers it has started, and collect it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(GRACE)
