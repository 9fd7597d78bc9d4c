"""Exactness of the native engine under rotation, one process per instruction set.

python -m benchmarks.dynamics.exactness --data PATH/rmd17
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.common.places import model_file
from gaq.atoms.structure import Prediction
from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.engine.native import NativeEngine
from gaq.engine.open import open_engine
from gaq.measure.ledger import Row, append_rows, read_rows, write_rows
from gaq.measure.same_bits import same_bits
from gaq.measure.symmetry import symmetry

MOLECULES = ("azobenzene", "ethanol")
RECIPES = ("frame-w4a8", "frame-w8a8", "w4a16")
REFERENCE = "scalar"
INSTRUCTION_SETS = (REFERENCE, "avx2", "avx512", "amx", "neon")
ROTATIONS = 32
NOT_THERE = 3  # exit status without the instruction set


def main() -> None:
    arguments = parsed()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.isa:
        sys.exit(measure(arguments))
    for name in INSTRUCTION_SETS:
        environment = os.environ | {"GAQ_ISA": name, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "benchmarks.dynamics.exactness", "--isa", name, *sys.argv[1:]]
        status = subprocess.run(command, env=environment, check=False).returncode
        if status == NOT_THERE:
            print(f"{name}: not on this machine", flush=True)
        elif status != 0:
            sys.exit(f"{name}: failed with status {status}")
    files = [arguments.out / f"{name}.jsonl" for name in INSTRUCTION_SETS]
    write_rows(arguments.out / "rows.jsonl", [entry for file in files if file.exists() for entry in read_rows(file)])


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the official npz files")
    parser.add_argument("--out", type=Path, default=Path("runs/exactness"))
    parser.add_argument("--recipes", nargs="*", default=RECIPES)
    parser.add_argument("--frames", type=int, default=None, help="the first so many; all if not said")
    parser.add_argument("--scalar-frames", type=int, default=None, help="the same for the scalar path")
    parser.add_argument("--isa", choices=INSTRUCTION_SETS, help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(arguments: argparse.Namespace) -> int:
    """Measure on the instruction set GAQ_ISA."""
    from gaq.errors import NotAvailable

    file = arguments.out / f"{arguments.isa}.jsonl"
    done = {(r.model, r.metric) for r in read_rows(file)} if file.exists() else set()
    for molecule in MOLECULES:
        test = read_dataset(arguments.data / f"rmd17_{molecule}_test_01.npz")
        frames = first(test, arguments.scalar_frames if arguments.isa == REFERENCE else arguments.frames)
        for recipe in arguments.recipes:
            path = model_file(f"rmd17-{molecule}-{recipe}.ckpt")
            if (path.name, "same_bits") in done:
                continue
            try:
                engine = open_engine(path, engine="native")
            except NotAvailable:
                return NOT_THERE
            assert isinstance(engine, NativeEngine)
            append_rows(file, rows_of(engine, frames, arguments.out / f"{arguments.isa}-{path.stem}.npz"))
    return 0


def first(test: Dataset, count: int | None) -> Dataset:
    if count is None or count >= len(test):
        return test
    return replace(test.subset(range(count)), name=f"{test.name}[:{count}]")


def rows_of(engine: NativeEngine, frames: Dataset, bits: Path) -> list[Row]:
    """Measure symmetry and bits."""
    rows = [replace(r, threads=1) for r in symmetry(engine, frames.structures, ROTATIONS, data=frames.name)]
    found = engine.evaluate(frames.structures)
    np.savez(bits, energies=[p.energy for p in found], forces=[p.forces for p in found])
    reference = kept(bits.with_name(bits.name.replace(engine.isa, REFERENCE, 1)))
    common = min(len(found), len(reference))
    name = frames.name if common == len(found) else f"{frames.name}[:{common}]"
    rows.append(same_bits(engine, found[:common], reference[:common], f"native-{REFERENCE}", name))
    for r in rows:
        if r.metric in ("pairs_exact", "lee_exact_share", "frames_identical", "lee_max", "net_torque", "same_bits"):
            print(f"{r.isa:7} {r.model:38} {r.metric:17} {r.value:.10g} {r.unit} of {r.n}", flush=True)
    return rows


def kept(bits: Path) -> list[Prediction]:
    arrays = np.load(bits)
    return [Prediction(float(e), f) for e, f in zip(arrays["energies"], arrays["forces"], strict=True)]


if __name__ == "__main__":
    main()
