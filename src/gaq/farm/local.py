"""A farm on this machine: worker processes with one thread each, one per core."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from gaq.farm.parcel import ParcelDone, ParcelFailed, Shared, packed
from gaq.farm.process import Process
from gaq.farm.protocol import OnResult, Work


class LocalFarm:
    """Processes start when there are jobs, and run until the farm is closed."""

    def __init__(self, cores: int) -> None:
        self.cores = cores
        self._processes: list[Process] = []

    def __enter__(self) -> LocalFarm:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes:
            process.close()
        self._processes = []

    def run(self, work: Work, shared: object, jobs: Sequence[Any], on_result: OnResult) -> None:
        """See `Farm`. After Ctrl-C no job starts and running ones are awaited; a second Ctrl-C stops them."""
        held, waiting = Shared.of(shared), deque(enumerate(jobs))
        arrived: queue.SimpleQueue[tuple[int, Process, Future[ParcelDone | ParcelFailed]]] = queue.SimpleQueue()
        while len(self._processes) < min(self.cores, len(jobs)):
            self._processes.append(Process())
        idle, busy, interrupted = deque(self._processes), 0, False
        with ThreadPoolExecutor(max(1, len(self._processes))) as pool:
            try:
                while waiting or busy:
                    while waiting and idle:
                        (place, job), process = waiting.popleft(), idle.popleft()
                        future = pool.submit(process.ask, held, packed(work, job))
                        future.add_done_callback(lambda f, k=place, p=process: arrived.put((k, p, f)))  # type: ignore[misc]
                        busy += 1
                    try:
                        place, process, future = arrived.get()
                    except KeyboardInterrupt:
                        if interrupted:
                            raise
                        interrupted = True
                        waiting.clear()
                        continue
                    busy -= 1
                    idle.append(process)
                    following = on_result(place, _result(future.result()))
                    if following is not None and not interrupted:
                        waiting.append((place, following))
            except BaseException:
                for process in self._processes:
                    process.kill()
                raise
        if interrupted:
            raise KeyboardInterrupt


def _result(outcome: ParcelDone | ParcelFailed) -> Any:
    if isinstance(outcome, ParcelFailed):
        raise outcome.exception()
    return outcome.result
