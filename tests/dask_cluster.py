"""A real Dask scheduler and workers on this machine, for tests: processes of their own, one of which can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SECONDS_TO_COME = 60


class DaskCluster:
    """`with DaskCluster(folder) as cluster: cluster.add_workers(2); … cluster.address`."""

    def __init__(self, folder: Path) -> None:
        pytest.importorskip("distributed", reason="needs distributed; pip install '.[cluster]'")
        self._folder = folder
        self._file = folder / "scheduler.json"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> DaskCluster:
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(self._file))
        self._start("dask_scheduler", *options)
        until = time.monotonic() + SECONDS_TO_COME
        while not self._file.exists() or not self._file.read_text():
            assert time.monotonic() < until, "the scheduler did not start"
            time.sleep(0.05)
        return self

    def __exit__(self, *error: object) -> None:
        for process in reversed(self._processes):
            if process.poll() is None:
                process.kill()
            process.wait()

    @property
    def address(self) -> str:
        """Of the scheduler."""
        import json

        address: str = json.loads(self._file.read_text())["address"]
        return address

    def add_workers(self, count: int, environment: dict[str, str] | None = None) -> None:
        """So many worker processes of one thread."""
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(self._folder))
        for _ in range(count):
            self.workers.append(self._start("dask_worker", self.address, *options, environment=environment or {}))

    def kill_a_worker(self) -> None:
        """As a machine that loses its power."""
        victim = self.workers.pop()
        victim.send_signal(signal.SIGKILL)
        victim.wait()

    def _start(self, program: str, *options: str, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        log = (self._folder / f"{program}-{len(self._processes)}.log").open("wb")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", *options],
                env=os.environ | {"OMP_NUM_THREADS": "1"} | (environment or {}),
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )
        self._processes.append(process)
        return process
