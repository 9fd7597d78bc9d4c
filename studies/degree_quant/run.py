"""Degree-Quant on QM7-X, where the number of neighbours varies.

python -m studies.degree_quant.run --data PATH/qm7x/qm7x_250.npz
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.accuracy.methods import Bench, jobs, run
from benchmarks.common.places import HERE
from benchmarks.common.setup import on_one_core, parser_of
from gaq.atoms.neighbors import find_neighbors
from gaq.cli.training_progress import shown_training
from gaq.config import load
from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.measure.ledger import Row, append_rows, read_rows
from gaq.quant.install import preset
from gaq.train.checkpoint import load_checkpoint
from gaq.train.config import TrainConfig
from gaq.train.fit import fit
from gaq.train.quantization import QuantizationPlan
from gaq.train.session import finish_training, prepare_training

HELD_OUT = 250
RECIPES = ("naive-int8", "degree-quant+unprotected", "degree-quant")


def main() -> None:
    parser = parser_of(__doc__, "the npz file of QM7-X")
    parser.add_argument("--out", type=Path, default=Path("runs/methods"))
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seeds", type=int, nargs="*", default=(0,))
    arguments = parser.parse_args()
    on_one_core()
    frames = read_dataset(arguments.data)
    first = len(frames) - HELD_OUT
    train, test = frames.subset(range(first)), frames.subset(range(first, len(frames)))
    parent = float_model(train, arguments.out / "qm7x-float")
    plan = QuantizationPlan(preset("fp32"), arguments.epochs, 1e-3, compile=True)
    bench = Bench(parent, train, test, arguments.out / "qm7x", arguments.out / "qm7x.jsonl", plan, 100, 32)
    for name, seed in jobs(RECIPES, arguments.epochs, arguments.seeds):
        run(bench, name, seed)
    if not any(row.metric.startswith("neighbors") for row in read_rows(bench.ledger)):
        append_rows(bench.ledger, spread(test))


def float_model(train: Dataset, out: Path) -> Path:
    model = out / "model.ckpt"
    if not (model.exists() and "validation" in load_checkpoint(model).manifest):
        out.mkdir(parents=True, exist_ok=True)
        prepared = prepare_training(load(HERE / "configs/qm7x-fp32.toml", TrainConfig), train, out, compile=True)
        with shown_training("qm7x fp32") as show:
            best = fit(prepared.start, prepared.task, resume=(out / "last.ckpt").exists(), show=show)
        finish_training(best, prepared.task)
    return model


def spread(data: Dataset) -> list[Row]:
    """Return mean and deviation of neighbours per atom."""
    counts = np.concatenate([np.bincount(find_neighbors(s, 5.0).receiver, minlength=len(s)) for s in data.structures])
    found = {"neighbors_mean": counts.mean(), "neighbors_std": counts.std()}
    return [Row(name, float(x), "1", "data", "none", "none", data.name, len(counts)) for name, x in found.items()]


if __name__ == "__main__":
    main()
