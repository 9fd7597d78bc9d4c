"""A farm: runs many independent jobs, on the cores of this machine or on many machines.

    farm.run(work, shared, jobs, on_result)

`work(shared, job)` runs for every job, in a process with one thread. The return value of
`on_result(place, result)`, if any, is the next job of that place. So a list of calls is a list of jobs without
successors, and a long run is a chain of pieces, of which a dying worker loses one. `work` is a function of a module;
`shared` and the jobs are pickled; `shared` is sent to each process once.

Results arrive once each, in the calling thread, in the order in which they finish.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

Work = Callable[[Any, Any], Any]  # (shared, job) -> result
OnResult = Callable[[int, Any], Any]  # (place, result) -> the next job of that place, or None


class Farm(Protocol):
    """Runs jobs. Use it as a context manager; leaving it stops everything it started."""

    def run(self, work: Work, shared: object, jobs: Sequence[Any], on_result: OnResult) -> None:
        """Run all jobs and their successors. Raises the `GaqError` of a job, and `NotAvailable` for lost workers.

        Ctrl-C is raised again once no result is pending.
        """
        ...

    def __enter__(self) -> Farm: ...

    def __exit__(self, *error: object) -> None: ...


def collect(
    farm: Farm, work: Work, shared: object, jobs: Sequence[Any], on_progress: Callable[[int], None] = lambda place: None
) -> list[Any]:
    """Return the results of all jobs in their order; `on_progress` receives the place of each that arrives.

    Raises `RuntimeError` if a farm loses a result or returns it twice, which is a bug.
    """
    found: dict[int, Any] = {}

    def keep(place: int, result: Any) -> None:
        if place in found:
            raise RuntimeError(f"the result of job {place} arrived twice")
        found[place] = result
        on_progress(place)

    farm.run(work, shared, jobs, keep)
    missing = [place for place in range(len(jobs)) if place not in found]
    if missing:
        raise RuntimeError(f"the results of jobs {missing} did not arrive")
    return [found[place] for place in range(len(jobs))]
