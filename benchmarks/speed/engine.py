"""Speed and memory of the native engine and PyTorch. Finished sections are not measured again.

python -m benchmarks.speed.engine --data PATH/rmd17
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.common.method_rows import CONTROL, IN_PYTORCH, MAIN_RECIPES, PARENT, trained_model
from benchmarks.common.places import HERE
from benchmarks.common.setup import BOTH, frames_of
from benchmarks.speed.engine_systems import BOXES, described, first_frame, molecular_box
from gaq.atoms.structure import Structure
from gaq.cli.bench import kernel_rows, measured
from gaq.cli.bench_models import BenchModel, open_models
from gaq.cli.candidates import COMPILED, EAGER, NATIVE, Conditions, Field, enter_native, enter_torch, mode_name
from gaq.cli.fresh_start import fresh_start
from gaq.cli.stage_progress import StageProgress
from gaq.data.dataset import Dataset
from gaq.engine.open import open_engine
from gaq.measure.accuracy import accuracy
from gaq.measure.ledger import Row, write_rows
from gaq.process import busy_with_others, keep_freed_memory, usable_cores

# recipe, bits of the backward pass
Mode = tuple[str, int | None]
MODES: tuple[Mode, ...] = (
    *(("fp32", None), ("w8", None), ("w4", None), ("mixed-w4a16", 16), ("mixed-w4a16", 8), ("w4a16", 16)),
    *(("frame-w8a8", 16), ("frame-w4a8", 16), ("gaq-w4a8", 16)),
)
# models of the README, with their force errors
METHODS: tuple[Mode, ...] = tuple(
    (row.removesuffix("/qat"), bits)
    for row in MAIN_RECIPES
    if row not in (PARENT, IN_PYTORCH)
    for bits in ((None,) if row in (CONTROL, "w4/qat") else (16, 8))  # nothing to quantize backward
)
FEW: tuple[Mode, ...] = (("fp32", None), ("mixed-w4a16", 16), ("frame-w4a8", 16))
WIDTHS = (64, 128, 256)
BATCH = 64
# memory limit of PyTorch, in atoms
MOST_ATOMS = {EAGER: 2_000, COMPILED: 500}
TIMESTEP = 0.5  # fs


@dataclass(frozen=True)
class Job:
    data: Path
    models: Path
    trained: Path
    seconds: float
    watch: StageProgress

    def untrained(self, molecule: str, width: int, modes: Sequence[Mode]) -> dict[str, BenchModel]:
        """Return models by recipe, and the checkpoint for PyTorch."""
        folder, recipes = self.models / molecule, list(dict.fromkeys(recipe for recipe, _ in modes))
        files = [folder / f"f{width}-{recipe}.gaq" for recipe in recipes]
        if not all(file.exists() for file in files):
            frames = self.data / f"rmd17_{molecule}_train_01.npz"
            script = [sys.executable, "-m", "benchmarks.speed.untrained", "--data", str(frames.resolve())]
            options = ["--out", str(folder.resolve()), "--channels", str(width), "--recipes", *recipes]
            subprocess.run([*script, *options], check=True, cwd=HERE)
        return {m.recipe: m for m in open_models(list(map(str, files)), True, folder / f"f{width}-fp32.ckpt")}


def main() -> None:
    arguments = parsed(sys.argv[1:])
    keep_freed_memory()
    print(busy_with_others() or "the machine is quiet", file=sys.stderr)
    with StageProgress() as watch:
        job = Job(arguments.data, arguments.models, arguments.trained, arguments.seconds, watch)
        for name in arguments.only or SECTIONS:
            target = arguments.out / f"engine-{name}.jsonl"
            if not target.exists():
                rows = SECTIONS[name](job)
                target.parent.mkdir(parents=True, exist_ok=True)
                write_rows(target, rows)
                print(target, len(rows), flush=True)


def parsed(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the official npz files")
    parser.add_argument("--models", type=Path, default=Path("runs/untrained"), help="made when they are not there")
    parser.add_argument("--trained", type=Path, default=Path("runs/methods"), help="what methods.py wrote")
    parser.add_argument("--out", type=Path, default=Path("runs/engine"))
    parser.add_argument("--seconds", type=float, default=5.0, help="time for each candidate of each comparison")
    parser.add_argument("--only", nargs="*", choices=tuple(SECTIONS))
    return parser.parse_args(words)


def compared(
    job: Job,
    models: dict[str, BenchModel],
    modes: Sequence[Mode],
    conditions: Conditions,
    kinds: Sequence[str] = (EAGER, COMPILED),
    starts: bool = False,
) -> list[Row]:
    field = Field()
    for recipe, bits in modes:
        if recipe in models:
            enter_native(field, models[recipe], conditions, bits)
    if kinds:
        enter_torch(field, list(models.values())[:1], conditions, kinds)
    rows = measured(field, conditions, job.seconds, TIMESTEP, starts, job.watch)
    for note in field.notes:
        print(note, file=sys.stderr)
    return rows


def modes_section(job: Job) -> list[Row]:
    rows = []
    for molecule in BOTH:
        conditions = Conditions(first_frame(job.data, molecule), molecule)
        rows += compared(job, job.untrained(molecule, 64, MODES), MODES, conditions, starts=True)
    return rows


def widths_section(job: Job) -> list[Row]:
    conditions = Conditions(first_frame(job.data, "azobenzene"), "azobenzene")
    rows = []
    for width in WIDTHS:
        rows += compared(job, job.untrained("azobenzene", width, FEW), FEW, conditions)
    return rows


def sizes_section(job: Job) -> list[Row]:
    """Boxes of 192 to 100,800 atoms; memory of a new process for each."""
    models, molecule = job.untrained("azobenzene", 64, FEW), first_frame(job.data, "azobenzene")
    rows = []
    for atoms, counts in BOXES.items():
        box = molecular_box(molecule, counts)
        name = described(molecule, "azobenzene")
        kinds = [kind for kind, most in MOST_ATOMS.items() if atoms <= most]
        for threads in thread_counts():
            rows += compared(job, models, FEW, Conditions(box, name, threads), kinds)
        rows += [memory_row(models[recipe], bits, box, name) for recipe, bits in FEW]
    return rows


def memory_row(model: BenchModel, bits: int | None, box: Structure, data: str) -> Row:
    """Measure the memory added by evaluations."""
    growth = fresh_start(NATIVE, model.packed or b"", box, 1, bits).growth_bytes
    recipe = mode_name(model.recipe, bits)
    entry = Row("memory_per_atom", growth / len(box) / 1000, "kB", model.name, recipe, NATIVE, data, 1)
    return replace(entry, atoms=len(box), threads=1, batch=1)


def batch_section(job: Job) -> list[Row]:
    models, molecule = job.untrained("azobenzene", 64, FEW), first_frame(job.data, "azobenzene")
    rows = []
    for threads in thread_counts():
        conditions = Conditions(molecule, "azobenzene", threads, BATCH)
        rows += compared(job, models, FEW, conditions, (EAGER,))
    return rows


def methods_section(job: Job) -> list[Row]:
    """Models of methods.py, seed 0, with force errors."""
    rows = []
    for molecule in BOTH:
        conditions = Conditions(first_frame(job.data, molecule), molecule)
        test, frames = frames_of(job.data, molecule, "test"), str(job.data / f"rmd17_{molecule}_train_01.npz")
        files = {name: trained_model(job.trained, molecule, f"{name}/qat") for name, _ in METHODS}
        opened = open_models([str(file) for file in files.values() if file.exists()], frames=frames)
        by_file = {model.checkpoint: model for model in opened}
        models = {name: replace(by_file[file], recipe=name) for name, file in files.items() if file in by_file}
        rows += compared(job, models, METHODS, conditions)
        rows += [
            replace(forces_row(models[name], bits, test), data=molecule) for name, bits in METHODS if name in models
        ]
    return rows


def forces_row(model: BenchModel, bits: int | None, test: Dataset) -> Row:
    engine = open_engine(model.checkpoint, engine="native", backward_bits=bits)
    entry = next(r for r in accuracy(engine, test) if r.metric == "force_mae")
    return replace(entry, model=model.name, recipe=mode_name(model.recipe, bits))


def kernels_section(job: Job) -> list[Row]:
    return kernel_rows(1.0)


def thread_counts() -> list[int]:
    return sorted({1, usable_cores()})


SECTIONS: dict[str, Callable[[Job], list[Row]]] = {
    "modes": modes_section,
    "widths": widths_section,
    "sizes": sizes_section,
    "batch": batch_section,
    "methods": methods_section,
    "kernels": kernels_section,
}


if __name__ == "__main__":
    main()
