"""Every recipe on one float parent, post-training (ptq) and trained (qat); `fp32/qat` is the control.

    python -m benchmarks.accuracy.methods ethanol --data PATH/rmd17 --seeds 0 1 2

A stopped run continues. A diverging training is measured with its best checkpoint.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.common.evaluation import measured
from benchmarks.common.method_names import DISTILLED, UNFROZEN, budget_of, changed, recipe_of
from benchmarks.common.setup import MORE, float_parent, on_one_core, parser_of, train_and_test
from gaq.cli.training_progress import shown_training
from gaq.cost.allot import allot
from gaq.cost.budget import Budget
from gaq.cost.sensitivity import trial_on
from gaq.data.dataset import Dataset
from gaq.engine.open import open_engine
from gaq.engine.protocol import Engine
from gaq.errors import Diverged, GaqError, UsageError
from gaq.files import write_atomically
from gaq.measure.ledger import Row, append_rows, read_rows
from gaq.quant.install import preset
from gaq.quant.presets import all_presets
from gaq.quant.recipe import Recipe
from gaq.quant.recommended import RECOMMENDED
from gaq.train.checkpoint import load_checkpoint
from gaq.train.compiled import compiled_for
from gaq.train.quantization import QuantizationPlan, run_quantization

PTQ, QAT = "ptq", "qat"
BUDGET_FRAMES = 20  # the default of `gaq quantize --budget`
TAUGHT = 0.5  # share of structures that the parent labels
FLOAT_BACKWARD = 32


@dataclass(frozen=True)
class Bench:
    """What all rows share."""

    parent: Path
    train: Dataset
    test: Dataset
    out: Path
    ledger: Path
    plan: QuantizationPlan  # recipe and seed: those of the row
    symmetry_frames: int
    rotations: int


def main() -> None:
    arguments = parsed(sys.argv[1:])
    on_one_core()
    molecule = arguments.molecule
    train, test = train_and_test(arguments.data, molecule, arguments.limit, arguments.test_limit, arguments.more)
    plan = QuantizationPlan(preset("fp32"), arguments.epochs, arguments.lr, compile=arguments.compile)
    parent = arguments.parent or float_parent(molecule)
    ledger = arguments.out / f"{molecule}.jsonl"
    sizes = (arguments.symmetry_frames, arguments.rotations)
    bench = Bench(parent, train, test, arguments.out / molecule, ledger, plan, *sizes)
    bench.out.mkdir(parents=True, exist_ok=True)
    for name, seed in jobs(arguments.only, arguments.epochs, arguments.seeds):
        run(bench, name, seed)


def parsed(words: list[str]) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("molecule")
    parser.add_argument("--parent", type=Path, help="float checkpoint; that of models/ when not given")
    parser.add_argument("--out", type=Path, default=Path("runs/methods"))
    parser.add_argument("--more", type=Path, nargs="*", default=(), help=MORE)
    parser.add_argument("--epochs", type=int, default=12, help="of every training, the control's too")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seeds", type=int, nargs="*", default=(0,), help="one training for each")
    parser.add_argument("--compile", action="store_true", help="pays where several trainings share a recipe")
    parser.add_argument("--limit", type=int, help="first N frames to train and calibrate on")
    parser.add_argument("--test-limit", type=int)
    parser.add_argument("--symmetry-frames", type=int, default=100)
    parser.add_argument("--rotations", type=int, default=32)
    parser.add_argument("--only", nargs="*", default=tuple(all_presets()), help="recipes, changed by words behind a +")
    return parser.parse_args(words)


def jobs(names: Sequence[str], epochs: int, seeds: Sequence[int]) -> Iterator[tuple[str, int]]:
    names = ("fp32", *(name for name in names if name != "fp32"))
    untrained = (name for name in names if not changed(name, DISTILLED) and not changed(name, UNFROZEN))
    yield from ((f"{name}/{PTQ}", 0) for name in untrained)
    for seed in seeds if epochs else ():
        yield from ((f"{name}/{QAT}", seed) for name in names if is_trained(name.partition("+")[0]))


def is_trained(name: str) -> bool:
    """Return False for the methods that are complete after rounding."""
    return name == RECOMMENDED or not preset(name).ptq_passes


def run(bench: Bench, name: str, seed: int) -> None:
    """Quantize, train and measure one row."""
    if bench.ledger.exists() and any((r.model, r.seed) == (name, seed) for r in read_rows(bench.ledger)):
        return
    short, mode = name.split("/")
    epochs = bench.plan.epochs if mode == QAT else 0
    recipe = recipe_of(short, epochs // 8)
    if limit := budget_of(short):
        recipe = allotted(bench, short, limit)
    compiled = bench.plan.compile and can_compile(recipe)
    distill = TAUGHT if changed(short, DISTILLED) else 0.0
    freeze = not changed(short, UNFROZEN)
    plan = replace(
        bench.plan, recipe=recipe, epochs=epochs, seed=seed, distill=distill, compile=compiled, freeze=freeze
    )
    folder = bench.out / name / str(seed)
    folder.mkdir(parents=True, exist_ok=True)
    diverged = 0.0
    with shown_training(f"{bench.train.name} {name} {seed}") as show:
        try:
            resume = (folder / "last.ckpt").exists()
            run_quantization(load_checkpoint(bench.parent), bench.train, plan, folder, resume=resume, show=show)
        except Diverged as fault:
            print(f"{name}: {fault}")
            diverged = 1.0
    rows = []
    if (folder / "model.ckpt").exists():
        engine, parent = opened(folder / "model.ckpt"), opened(bench.parent)
        rows = measured(engine, parent, bench.test, bench.rotations, bench.symmetry_frames)
    told = Row("diverged", diverged, "1", name, short, "torch", bench.test.name, 1)
    append_rows(bench.ledger, [replace(entry, model=name, recipe=short, seed=seed) for entry in [*rows, told]])


def allotted(bench: Bench, name: str, limit: Budget) -> Recipe:
    """Choose bits once for all seeds."""
    kept = bench.out / f"{name}.toml"
    if not kept.exists():
        recipe = recipe_of(name, bench.plan.epochs // 8)
        first = bench.train.subset(range(min(BUDGET_FRAMES, len(bench.train))))
        parent = load_checkpoint(bench.parent).model
        found = allot(trial_on(parent, bench.parent.name, recipe, first, first), limit).recipe
        write_atomically(kept, lambda temporary: temporary.write_text(found.to_toml(), encoding="utf-8"))
    return Recipe.from_toml(kept)


def can_compile(recipe: Recipe) -> bool:
    try:
        compiled_for(recipe)
    except UsageError:
        return False
    return True


def opened(path: Path) -> Engine:
    """Open the native engine, otherwise PyTorch."""
    try:
        return open_engine(path, engine="native", backward_bits=FLOAT_BACKWARD)
    except GaqError:
        return open_engine(path)


if __name__ == "__main__":
    main()
