"""Cost of distributed jobs.

python -m benchmarks.programs.farm
"""

from __future__ import annotations

import argparse
import contextlib
import json
import operator
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.common.places import LEDGERS, model_file
from gaq.data.read import read_dataset
from gaq.engine.farmed import FarmedEngine
from gaq.engine.native import NativeEngine
from gaq.farm.cluster import Cluster
from gaq.farm.local import LocalFarm
from gaq.farm.protocol import Farm, collect
from gaq.measure.ledger import Row, row, write_rows
from gaq.process import busy_with_others

MODEL = "rmd17-ethanol-w4a16.gaq"
JOBS = 100
IN_A_ROW = 20
COPIES = 2  # of the 600 embedded frames


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if busy := busy_with_others():
        print(busy, file=sys.stderr)
    engine = NativeEngine.from_file(model_file(MODEL))
    structures = list(read_dataset("embedded").structures) * COPIES
    with scheduler(1) as one, scheduler(2) as two, contextlib.ExitStack() as stack:
        farms: dict[str, Farm] = {
            "local-1": LocalFarm(1),
            "local-2": LocalFarm(2),
            "dask-1": Cluster(one),
            "dask-2": Cluster(two),
        }
        works: dict[tuple[str, str], Callable[[], object]] = {
            ("evaluation", "alone"): lambda: engine.evaluate(structures)
        }
        for name, farm in farms.items():
            stack.enter_context(farm)
            works["evaluation", name] = lambda farmed=FarmedEngine(engine, farm): farmed.evaluate(structures)
            works["many", name] = lambda farm=farm: collect(farm, operator.mul, 2, list(range(JOBS)))
            works["in a row", name] = lambda farm=farm: farm.run(
                operator.add, 1, [0], lambda place, made: made if made < IN_A_ROW else None
            )
        for work in works.values():
            work()
        seconds = {key: np.array(times) for key, times in _in_turns(works, arguments.rounds).items()}
    rows = _rows(engine, len(structures), seconds)
    for entry in rows:
        print(
            f"{entry.metric:18} {entry.engine:8} {entry.control or '':14} {entry.value:8.4g} {entry.unit}"
            f"  (p10 {entry.p10:.4g}, p90 {entry.p90:.4g})"
        )
    write_rows(LEDGERS / "farm.jsonl", rows)


def _in_turns(works: dict[tuple[str, str], Callable[[], object]], rounds: int) -> dict[tuple[str, str], list[float]]:
    seconds: dict[tuple[str, str], list[float]] = {key: [] for key in works}
    for number in range(rounds):
        for key in list(works) if number % 2 == 0 else reversed(works):
            began = time.perf_counter()
            works[key]()
            seconds[key].append(time.perf_counter() - began)
    return seconds


def _rows(engine: NativeEngine, structures: int, seconds: dict[tuple[str, str], np.ndarray]) -> list[Row]:
    rows = []
    for (kind, farm), times in seconds.items():
        if kind == "many":
            rows.append(_row(engine, farm, "job_ms", 1e3 * times / JOBS, "ms"))
        elif kind == "in a row":
            rows.append(_row(engine, farm, "job_in_a_row_ms", 1e3 * times / IN_A_ROW, "ms"))
        else:
            rows.append(_row(engine, farm, "throughput_per_s", structures / times, "1/s"))
            if farm != "alone":
                ratio = seconds["evaluation", "alone"] / times
                rows.append(_row(engine, farm, "speedup", ratio, "1", "native-engine"))
            if farm.endswith("-2"):
                fewer = farm.replace("-2", "-1")
                rows.append(_row(engine, farm, "speedup", seconds["evaluation", fewer] / times, "1", fewer))
    return rows


def _row(
    engine: NativeEngine, farm: str, metric: str, values: np.ndarray, unit: str, control: str | None = None
) -> Row:
    low, middle, high = (float(x) for x in np.percentile(values, (10, 50, 90)))
    entry = replace(row(engine, "embedded", metric, middle, unit, len(values)), engine=farm, threads=1)
    return replace(entry, p10=low, p90=high, control=control)


@contextlib.contextmanager
def scheduler(workers: int) -> Iterator[str]:
    """Run a Dask scheduler; return its address."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        file = Path(folder) / "scheduler.json"
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        stack.enter_context(_running("scheduler", *options))
        while not file.exists() or not file.read_text():
            time.sleep(0.05)
        address = str(json.loads(file.read_text())["address"])
        for _ in range(workers):
            options = (address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", folder)
            stack.enter_context(_running("worker", *options))
        with Cluster(address) as cluster:
            while len(cluster.workers()) < workers:
                time.sleep(0.05)
        yield address


@contextlib.contextmanager
def _running(program: str, *options: str) -> Iterator[None]:
    command = [sys.executable, "-P", "-m", f"distributed.cli.dask_{program}", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
