"""A nanosecond of azobenzene per mode, time steps, distributions and path work.

    python -m benchmarks.dynamics.nanosecond --data PATH/rmd17

One to two hours on one core; a stopped run continues. `--only` without a kind draws the picture.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from benchmarks.common.places import HERE, LEDGERS, model_file
from benchmarks.dynamics.nanosecond_rows import NanosecondRun, beside, collected
from benchmarks.render.nanosecond_picture import drifts
from gaq.data.read import read_structures
from gaq.engine.native import NativeEngine
from gaq.measure.conservation import jacobian_asymmetry, path_work
from gaq.measure.ledger import Row, read_rows, write_rows

START = "rmd17_azobenzene_test_01.npz"  # first frame
# mode, recipe, bits of the backward pass
MODES = {
    "fp32": ("fp32", None),
    "w4": ("w4", None),
    "w4a16": ("w4a16", None),
    "w4a16-b8": ("w4a16", 8),
    "frame-w4a8": ("frame-w4a8", 8),
    "frame-w4a8-b16": ("frame-w4a8", 16),
    "gaq-w4a8": ("gaq-w4a8", None),
    "naive-int8": ("naive-int8", None),
}
AGAIN = "fp32-again"  # control: other random numbers
TIMESTEPS = (0.25, 0.5, 1.0)  # fs
SCALING_PS, NVT_PS = 100, 200
PATH_FRAMES, JACOBIAN_FRAMES = 20, 5


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the files of rMD17")
    parser.add_argument("--out", type=Path, default=HERE / "runs" / "nanosecond")
    parser.add_argument("--only", choices=("nve", "scaling", "nvt"), nargs="*", default=("nve", "scaling", "nvt"))
    parser.add_argument("--modes", choices=(*MODES, AGAIN), nargs="*", default=(*MODES, AGAIN))
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    runs = [run for run in all_runs() if run.kind.split("-")[0] in arguments.only and run.mode in arguments.modes]
    with ThreadPoolExecutor(arguments.workers) as pool:
        codes = list(pool.map(lambda run: made(run, *shipped(run.mode), arguments.data, arguments.out), runs))
    if any(code > 1 for code in codes):  # 1: unstable, a valid result
        sys.exit("some runs failed; see the files *.out")
    rows = collected(arguments.out, list(all_runs())) + path_rows(arguments.data / START)
    ledger = LEDGERS / "nanosecond.jsonl"
    kinds, modes = list(dict.fromkeys([*(run.kind for run in all_runs()), "paths"])), [*MODES, AGAIN]
    write_rows(ledger, sorted(beside(rows, ledger), key=lambda r: (kinds.index(r.data), modes.index(r.recipe))))
    draw()


def draw() -> None:
    shipped_rows = [row for row in read_rows(LEDGERS / "nanosecond.jsonl") if row.recipe in ("fp32", "w4")]
    rows = [*shipped_rows, *read_rows(LEDGERS / "nanosecond-methods.jsonl")]
    drifts([row for row in rows if row.data == "nve"], HERE / "docs" / "pictures" / "nanosecond.png")


def path_rows(data: Path) -> list[Row]:
    frames, rows = read_structures(data, PATH_FRAMES), []
    for mode in MODES:
        file, backward = shipped(mode)
        engine = NativeEngine.from_file(file, backward_bits=backward)
        found = path_work(engine, frames) + jacobian_asymmetry(engine, frames[:JACOBIAN_FRAMES])
        rows += [replace(entry, recipe=mode, data="paths") for entry in found]
    return rows


def nanosecond_of(mode: str) -> NanosecondRun:
    return NanosecondRun("nve", mode, 2_000_000, ("--every", "2000", "--log-every", "100"))


def all_runs() -> Iterator[NanosecondRun]:
    yield from (nanosecond_of(mode) for mode in MODES)
    for dt in TIMESTEPS:
        for mode in MODES:
            steps = round(SCALING_PS * 1000 / dt)
            yield NanosecondRun(
                f"scaling-{dt}", mode, steps, ("--dt", str(dt), "--every", "10000", "--log-every", "40")
            )
    for mode in (*MODES, AGAIN):
        options = ("--ensemble", "nvt", "--thermostat", "csvr", "--every", "50", "--log-every", "50")
        yield NanosecondRun("nvt", mode, NVT_PS * 2000, (*options, "--seed", "1") if mode == AGAIN else options)


def shipped(mode: str) -> tuple[Path, int | None]:
    """Return model and backward bits of a mode."""
    recipe, backward = MODES.get(mode, ("fp32", None))
    return model_file(f"rmd17-azobenzene-{recipe}.gaq"), backward


def made(run: NanosecondRun, model: Path, backward: int | None, data: Path, out: Path) -> int:
    """Make or finish one run."""
    rows = out / f"{run.name}.jsonl"
    if rows.exists():
        return 0
    command = [sys.executable, "-P", "-m", "gaq", "md", str(model), str(data / START), "--steps", str(run.steps)]
    command += [*run.options, "--resume", "--json", str(rows), "-o", str(out / f"{run.name}.traj")]
    command += [] if backward is None else ["--backward", str(backward)]
    with (out / f"{run.name}.out").open("w") as stream:
        code = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, check=False).returncode
    print(f"{run.name}: exit code {code}", flush=True)
    return code


if __name__ == "__main__":
    main()
