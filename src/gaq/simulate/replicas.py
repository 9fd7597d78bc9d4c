"""Several runs at once: each on a separate engine, or all of them on a farm.

Locally, compiled steps release Python's lock. On a farm a run is a chain of legs; its files are written by the
calling process.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gaq.engine.motion import Mover
from gaq.engine.protocol import Engine
from gaq.errors import GaqError
from gaq.farm.protocol import Farm
from gaq.simulate.leg import Leg, Made, make_leg
from gaq.simulate.session import Ending, Session, Show


def replica_path(path: Path, replica: int, replicas: int) -> Path:
    """Return `run.xyz`, or `run-3.xyz` for several replicas."""
    return path if replicas == 1 else path.with_stem(f"{path.stem}-{replica}")


def run_all(engines: Sequence[Engine], run: Callable[[int, Engine], Ending], workers: int) -> list[Ending]:
    """Return the ending of `run(replica, engine)` for every engine, in order; in parallel if steps are compiled.

    The first error is raised after all others have ended.
    """
    if workers == 1 or not isinstance(engines[0], Mover):
        return [run(replica, engine) for replica, engine in enumerate(engines)]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, range(len(engines)), engines))


def run_on(
    farm: Farm,
    engine: Engine,
    sessions: Sequence[Session],
    asked_to_stop: Callable[[], bool],
    show: Callable[[int], Show],
) -> list[Ending]:
    """Return the endings of all sessions, with steps made by copies of the engine on the farm; `show(replica)` is their
    callback.

    If the run is stopped, or the farm fails, the checkpoints hold what has arrived.
    """
    begun = [(replica, leg) for replica, s in enumerate(sessions) if (leg := s.next_leg()) is not None]

    def on_result(place: int, made: Made) -> Leg | None:
        replica, _ = begun[place]
        sessions[replica].take(made, show(replica))
        return None if asked_to_stop() else sessions[replica].next_leg()

    try:
        farm.run(make_leg, engine, [leg for _, leg in begun], on_result)
    except BaseException:
        for session in sessions:
            with contextlib.suppress(GaqError):
                session.end(True)
        raise
    return [session.end(session.next_leg() is not None) for session in sessions]
