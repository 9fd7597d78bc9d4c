"""A farm: where many jobs that do not need each other are done, on the cores of this machine or on many machines.

    farm.run(work, shared, jobs, on_result)

`work(shared, job)` is carried out for every job, by a process with one thread; what `on_result(place, result)`
returns, if anything, is the next job of that place. So a list of calls is a list of jobs without successors, and a
long run is a chain of pieces, of which a worker that dies costs one. `work` is a function of a module, `shared` and
the jobs are pickled; `shared` goes to each process once.

Results come one at a time, in the thread that asked, in whatever order they are finished; each comes once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

Work = Callable[[Any, Any], Any]  # (shared, job) -> result
OnResult = Callable[[int, Any], Any]  # (place, result) -> the next job of that place, or None


class Farm(Protocol):
    """Carries out jobs. Use it as a context: leaving it ends what it started."""

    def run(self, work: Work, shared: object, jobs: Sequence[Any], on_result: OnResult) -> None:
        """All jobs and what follows them. Raises the `GaqError` that a job raised, and `NotAvailable` for lost workers.

        Ctrl-C is passed on when no result is on its way any more.
        """
        ...

    def __enter__(self) -> Farm: ...

    def __exit__(self, *error: object) -> None: ...


def collect(
    farm: Farm, work: Work, shared: object, jobs: Sequence[Any], on_progress: Callable[[int], None] = lambda place: None
) -> list[Any]:
    """Return the results of all jobs in their order; `on_progress` hears the place of each that arrives.

    Raises `RuntimeError` for a farm that loses a result or brings it twice, which is a fault of ours.
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
