"""A farm on a cluster: workers of Dask's distributed scheduler, which repeats the jobs of workers that die.

Each thread of a Dask worker uses a worker process of gaq, like `LocalFarm`: the same program with one thread
everywhere. Shared data travel as a task, not as scattered data: if the last worker that holds them dies, the
scheduler makes them again.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import queue
import secrets
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gaq.errors import NotAvailable, UsageError
from gaq.extras import how_to_install
from gaq.farm.parcel import ParcelDone, ParcelFailed, Shared, packed
from gaq.farm.protocol import OnResult, Work
from gaq.farm.remote import carry_out, content_of, end_idle
from gaq.version import __version__

if TYPE_CHECKING:
    from distributed import Future

SECONDS_TO_CONNECT = 10.0
SECONDS_WITHOUT_WORKERS = 60.0
SECONDS_BETWEEN_LOOKS = 5.0
RETRIES = 2  # of a job if its process was killed, but not the Dask worker

Say = Callable[[str], None]


class Cluster:
    """The workers of the scheduler at an address such as tcp://host:8786."""

    def __init__(self, address: str, say: Say = lambda sentence: None) -> None:
        """Raise `NotAvailable` without distributed, a scheduler or workers, or if their versions differ."""
        self._say, self._address = say, address
        self._client = _connected(address)
        self._content: dict[str, Future] = {}
        try:
            self._expect_workers()
            self._expect_gaq()
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *error: object) -> None:
        if error[0] is None:  # otherwise jobs may be running; their processes end with their workers
            self._client.run(end_idle, on_error="ignore")
        self._client.close()

    def run(self, work: Work, shared: object, jobs: Sequence[Any], on_result: OnResult) -> None:
        """See `Farm`. Ctrl-C withdraws the jobs that have not started."""
        held = Shared.of(shared)
        if held.key not in self._content:
            self._content[held.key] = self._client.submit(content_of, held.content, key=f"gaq-shared-{held.key}")
        content = self._content[held.key]
        arrived: queue.SimpleQueue[Future] = queue.SimpleQueue()
        under_way: dict[str, tuple[int, Future]] = {}
        run, number = secrets.token_hex(4), 0

        def submit(place: int, job: Any) -> None:
            nonlocal number
            key = f"gaq-job-{run}-{number}"
            number += 1
            arguments = (__version__, held.key, content, packed(work, job))
            future = self._client.submit(carry_out, *arguments, key=key, pure=False, retries=RETRIES)
            under_way[key] = place, future
            future.add_done_callback(arrived.put)

        try:
            for place, job in enumerate(jobs):
                submit(place, job)
            while under_way:
                future = self._next(arrived)
                place, _ = under_way.pop(future.key)
                following = on_result(place, self._result(future))
                if following is not None:
                    submit(place, following)
        finally:
            left = [future for _, future in under_way.values()]
            if left and self._client.status == "running":
                self._client.cancel(left, force=True)

    def _next(self, arrived: queue.SimpleQueue[Future]) -> Future:
        """Return the next finished job; do not wait forever without workers."""
        while True:
            try:
                return arrived.get(timeout=SECONDS_BETWEEN_LOOKS)
            except queue.Empty:
                self._expect_workers()

    def _result(self, future: Future) -> Any:
        from distributed import KilledWorker

        try:
            outcome: ParcelDone | ParcelFailed = future.result()
        except KilledWorker as error:
            raise NotAvailable(
                f"a job has ended {error.allowed_failures + 1} workers of {self._address}, the last at "
                f"{error.last_worker.address}; usually for lack of memory. See their logs"
            ) from error
        except asyncio.CancelledError as error:
            raise NotAvailable(f"the scheduler at {self._address} has dropped a job, or is gone") from error
        except ImportError as error:
            raise NotAvailable(f"a worker of {self._address} cannot carry out a job: {error}") from error
        if isinstance(outcome, ParcelFailed):
            raise outcome.exception()
        return outcome.result

    def _expect_workers(self) -> None:
        """Wait for a worker, with a message. Raises `NotAvailable` if none comes."""
        until, said = time.monotonic() + SECONDS_WITHOUT_WORKERS, False
        while not self.workers():
            if not said:
                self._say(f"the scheduler at {self._address} has no workers; waiting for one")
                said = True
            if time.monotonic() > until:
                raise NotAvailable(
                    f"no worker has come to {self._address} in {SECONDS_WITHOUT_WORKERS:.0f} s. Start some: "
                    f"dask worker {self._address}"
                )
            time.sleep(0.1)

    def workers(self) -> dict[str, Any]:
        """Return the scheduler's information on each worker, by address. Raises `NotAvailable` if it is gone."""
        if self._client.status != "running":
            raise NotAvailable(f"the scheduler at {self._address} is gone")
        workers: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return workers

    def _expect_gaq(self) -> None:
        """Raise `NotAvailable` for workers without gaq, or with another version."""
        found = self._client.run(importlib.metadata.version, "gaq", on_error="return")
        for worker, version in sorted(found.items()):
            if isinstance(version, importlib.metadata.PackageNotFoundError):
                raise NotAvailable(
                    f"the worker {worker} has no gaq; this is gaq {__version__}. Install the same "
                    "version there, from the folder of its source: pip install '.[cluster]'"
                )
            if isinstance(version, str) and version != __version__:
                raise NotAvailable(
                    f"the worker {worker} has gaq {version}, and this is gaq {__version__}. Results must not "
                    f"depend on who computes them: install the same version"
                )


def _connected(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise NotAvailable(f"`cluster` needs Dask's distributed scheduler. {how_to_install('cluster')}") from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what is wrong is said here, in one sentence
    try:
        return Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except OSError as error:
        raise NotAvailable(
            f"no scheduler answers at {address} within {SECONDS_TO_CONNECT:.0f} s. Start one: dask scheduler; "
            f"it prints its address"
        ) from error
    except ValueError as error:
        raise UsageError(f"`cluster` {address}: expected an address such as tcp://host:8786 ({error})") from error
