"""Several runs at once, each on an engine of its own: compiled steps leave Python to the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gaq.engine.motion import Mover
from gaq.engine.protocol import Engine
from gaq.simulate.session import Ending


def replica_path(path: Path, replica: int, replicas: int) -> Path:
    """`run.xyz`, or `run-3.xyz` where there are several."""
    return path if replicas == 1 else path.with_stem(f"{path.stem}-{replica}")


def run_all(engines: Sequence[Engine], run: Callable[[int, Engine], Ending], workers: int) -> list[Ending]:
    """The ending of `run(replica, engine)` for every engine, in order; side by side where steps are compiled.

    The first error is raised when all others have ended.
    """
    if workers == 1 or not isinstance(engines[0], Mover):
        return [run(replica, engine) for replica, engine in enumerate(engines)]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, range(len(engines)), engines))
