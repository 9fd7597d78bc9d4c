"""Time of `gaq md` over the engine alone, in turns.

python -m benchmarks.dynamics.overhead --data PATH/rmd17
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.common.places import LEDGERS, model_file
from gaq.atoms.structure import Structure
from gaq.data.read import read_structures
from gaq.engine.motion import Dynamics, MotionState
from gaq.engine.native import NativeEngine
from gaq.engine.protocol import Engine
from gaq.measure.ledger import Row, row, write_rows
from gaq.process import keep_freed_memory
from gaq.simulate.integrate import advance, start
from gaq.simulate.session import Files, RunPlan, Session
from gaq.simulate.velocities import degrees_of_freedom

MODELS = (("azobenzene", "fp32"), ("azobenzene", "w4a16"), ("azobenzene", "frame-w4a8"), ("ethanol", "w4a16"))
STEPS = 1000  # of a visit
ALONE = "native-engine"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the official npz files")
    parser.add_argument("--rounds", type=int, default=25)
    arguments = parser.parse_args()
    keep_freed_memory()
    rows: list[Row] = []
    for molecule, recipe in MODELS:
        engine = NativeEngine.from_file(model_file(f"rmd17-{molecule}-{recipe}.gaq"))
        (structure,) = read_structures(arguments.data / f"rmd17_{molecule}_test_01.npz", 1)
        rows += compared(engine, structure, arguments.rounds)
        print(engine.model, *(f"{r.metric} {r.value:.4g}" for r in rows[-3:]), flush=True)
    write_rows(LEDGERS / "overhead.jsonl", rows)


def compared(engine: NativeEngine, structure: Structure, rounds: int) -> list[Row]:
    state = start(engine, structure, 300.0)
    path = [advance(engine, state, Dynamics(0.5), n).structure for n in range(50)]
    with tempfile.TemporaryDirectory() as folder:
        seconds = np.array([_round(engine, state, path, Path(folder), n % 2 == 1) for n in range(rounds + 1)][1:])
    alone, moving = (1e3 * seconds).T
    found = (
        ("latency_ms", alone, "ms", ALONE),
        ("latency_ms", moving, "ms", None),
        ("slowdown", moving / alone, "1", ALONE),
    )
    return [_row(engine, structure, *entry) for entry in found]


def _round(
    engine: Engine, state: MotionState, path: list[Structure], folder: Path, reverse: bool
) -> tuple[float, float]:
    def alone() -> float:
        return _timed(lambda: [engine.evaluate(path) for _ in range(STEPS // len(path))])

    def moving() -> float:
        plan = RunPlan(STEPS, Dynamics(0.5), 300.0, degrees_of_freedom(state.structure))
        session = Session(engine, plan, Files(folder / "run.traj"), {})
        session.begin(state)
        return _timed(lambda: session.go(lambda: False, lambda record, seconds: None))

    if reverse:
        second, first = moving(), alone()
        return first, second
    return alone(), moving()


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) / STEPS


def _row(
    engine: NativeEngine, structure: Structure, metric: str, values: np.ndarray, unit: str, control: str | None
) -> Row:
    low, middle, high = (float(x) for x in np.percentile(values, (10, 50, 90)))
    entry = row(engine, "rmd17", metric, middle, unit, len(values))
    return replace(entry, p10=low, p90=high, control=control, threads=1, atoms=len(structure), batch=1)


if __name__ == "__main__":
    main()
