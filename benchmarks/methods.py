"""Every recipe on one parent, quantized and trained alike, with the control that published tables lack.

    python benchmarks/methods.py --parent models/rmd17-ethanol-fp32.ckpt --data PATH/rmd17 --out runs/methods

Each recipe without training (ptq), and trained (qat) with the same epochs, schedule, seed and frames unless its method
is one of post-training quantization. `fp32/qat` is the control: the float parent trained on for as long. Rows go to
OUT/rows.jsonl as they are measured; what is there is not made again, so a run that was stopped goes on. A training
that diverges is told as such and measured with its best checkpoint, if there is one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evaluation import measured
from gaq.cli.training_progress import shown_training
from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.engine.open import open_engine
from gaq.errors import Diverged
from gaq.measure.ledger import Row, append_rows, find, read_rows
from gaq.quant.install import preset
from gaq.quant.presets import all_presets
from gaq.train.checkpoint import load_checkpoint
from gaq.train.memory import keep_freed_memory, use_threads
from gaq.train.quantization import QuantizationPlan, run_quantization

PTQ, QAT = "ptq", "qat"
PARENT, CONTROL = f"fp32/{PTQ}", f"fp32/{QAT}"
SAID = {PARENT: "fp32, the parent", CONTROL: "fp32, trained as long (control)"}
COLUMNS = (
    ("bits/weight", "bits_per_weight", "{:.2f}"),
    ("E MAE", "energy_mae", "{:.2f}"),
    ("F MAE", "force_mae", "{:.2f}"),
    ("F RMSE vs FP32", "force_fidelity", "{:.2f}"),
    ("LEE mean", "lee_mean", "{:.2g}"),
    ("path work", "path_work", "{:.2g}"),
)


@dataclass(frozen=True)
class Bench:
    """What all rows share."""

    parent: Path
    train: Dataset
    test: Dataset
    out: Path
    plan: QuantizationPlan  # epochs, rate, batch, seed, distillation; the recipe is that of the row
    symmetry_frames: int
    rotations: int

    @property
    def ledger(self) -> Path:
        """Where the rows are."""
        return self.out / "rows.jsonl"


def main() -> None:
    arguments = parsed(sys.argv[1:])
    use_threads(1)
    keep_freed_memory()
    train, test = (
        read_dataset(arguments.data / f"rmd17_{arguments.molecule}_{part}_01.npz", limit)
        for part, limit in (("train", arguments.limit), ("test", arguments.test_limit))
    )
    plan = QuantizationPlan(
        preset("fp32"), arguments.epochs, arguments.lr, seed=arguments.seed, distill=arguments.distill
    )
    bench = Bench(arguments.parent, train, test, arguments.out, plan, arguments.symmetry_frames, arguments.rotations)
    bench.out.mkdir(parents=True, exist_ok=True)
    for name in jobs(arguments.only, arguments.epochs):
        run(bench, name)
    print("\n".join(table(read_rows(bench.ledger))))


def parsed(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parent", type=Path, required=True, help="float checkpoint")
    parser.add_argument("--molecule", default="ethanol")
    parser.add_argument("--data", type=Path, required=True, help="folder of the official npz files")
    parser.add_argument("--out", type=Path, default=Path("runs/methods"))
    parser.add_argument("--epochs", type=int, default=16, help="of every training, the control's too")
    parser.add_argument("--lr", type=float, default=4e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--distill", type=float, default=0.0, help="share of structures labelled by the parent")
    parser.add_argument("--limit", type=int, help="first N frames to train and calibrate on")
    parser.add_argument("--test-limit", type=int, default=300)
    parser.add_argument("--symmetry-frames", type=int, default=50)
    parser.add_argument("--rotations", type=int, default=16)
    parser.add_argument("--only", nargs="*", choices=tuple(all_presets()), default=tuple(all_presets()))
    return parser.parse_args(words)


def jobs(names: Sequence[str], epochs: int) -> Iterator[str]:
    """The parent and its control first, then each recipe; post-training methods are not trained."""
    for name in ("fp32", *(name for name in names if name != "fp32")):
        yield f"{name}/{PTQ}"
        if epochs and not preset(name).treatments:
            yield f"{name}/{QAT}"


def run(bench: Bench, name: str) -> None:
    """Quantizes, trains if it is the name's turn, measures, and appends the rows."""
    if bench.ledger.exists() and any(entry.model == name for entry in read_rows(bench.ledger)):
        return
    recipe, mode = name.split("/")
    epochs = bench.plan.epochs if mode == QAT else 0
    plan = replace(bench.plan, recipe=preset(recipe, epochs // 8), epochs=epochs)
    folder = bench.out / name
    folder.mkdir(parents=True, exist_ok=True)
    diverged = 0.0
    with shown_training(name) as show:
        try:
            run_quantization(load_checkpoint(bench.parent), bench.train, plan, folder, show=show)
        except Diverged as fault:
            print(f"{name}: {fault}")
            diverged = 1.0
    engine = None
    if (folder / "model.ckpt").exists():
        engine = open_engine(folder / "model.ckpt")
        rows = measured(engine, open_engine(bench.parent), bench.test, bench.rotations, bench.symmetry_frames)
    else:
        rows = []
    told = Row("diverged", diverged, "1", name, recipe, "torch", bench.test.name, 1)
    append_rows(bench.ledger, [replace(entry, model=name, recipe=recipe, seed=plan.seed) for entry in [*rows, told]])


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown, in the order in which the rows were measured."""
    yield "| recipe | " + " | ".join(title for title, _, _ in COLUMNS) + " |"
    yield "|---|" + "---|" * len(COLUMNS)
    for name in dict.fromkeys(entry.model for entry in rows):
        mine = [entry for entry in rows if entry.model == name]
        said = SAID.get(name, name.replace("/", ", "))
        failed = find(mine, "diverged")
        said += " (diverged)" if failed is not None and failed.value else ""
        cells = [form.format(found.value) if (found := find(mine, metric)) else "–" for _, metric, form in COLUMNS]
        yield f"| {said} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
