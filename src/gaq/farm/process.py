"""One worker process, as seen by its parent."""

from __future__ import annotations

import contextlib
import pickle
import subprocess

from gaq.children import environment, python_command
from gaq.errors import NotAvailable
from gaq.farm.parcel import ParcelDone, ParcelFailed, Shared

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


class Process:
    """A process that starts at once and runs one job at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            python_command("-m", "gaq.farm.worker"),
            env=environment() | ONE_THREAD,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the parent only
        )
        self._knows: set[str] = set()

    def ask(self, shared: Shared, parcel: bytes) -> ParcelDone | ParcelFailed:
        """Return the outcome of a job. Raises `NotAvailable` if the process ends before it answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        content = None if shared.key in self._knows else shared.content
        try:
            pickle.dump((shared.key, content, parcel), self._process.stdin)
            self._process.stdin.flush()
            outcome: ParcelDone | ParcelFailed = pickle.load(self._process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError, ValueError) as error:
            raise NotAvailable(
                f"a worker process ended early (exit code {self._process.wait()}). A negative code is a signal: "
                f"-9 usually means lack of memory; run fewer processes at once"
            ) from error
        self._knows.add(shared.key)
        return outcome

    def kill(self) -> None:
        """Kill the process; a running `ask` then raises."""
        self._process.kill()

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
