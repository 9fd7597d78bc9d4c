"""Quantize the shipped float model of a molecule by every recipe, with the float control. A stopped run continues.

    python -m benchmarks.models.train azobenzene --data PATH/rmd17

benchmarks.models.teach makes the float model.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.common.method_names import recipe_of
from benchmarks.common.places import MADE
from benchmarks.common.setup import MORE, float_parent, on_one_core, parser_of, train_and_test
from benchmarks.models.pack import pack
from gaq.cli.training_progress import shown_training
from gaq.data.dataset import Dataset
from gaq.train.checkpoint import load_checkpoint
from gaq.train.interrupt import graceful_interrupt
from gaq.train.quantization import QuantizationPlan, run_quantization

CONTROL = "fp32-control"
PTQ = ("naive-int8", "w8")  # post-training only
RECIPES = (
    "frame-w4a8",
    CONTROL,
    "w4",
    "gaq-w4a8",
    "w4a16",
    "frame-w8a8",
    "naive-int8",
    "int8-per-vector",
    "gaq-w8a8",
    "w8",
)
LATER = ("mixed-w4a8+gptq", "mixed-w4a16")  # only by name: other settings


@dataclass(frozen=True)
class Job:
    molecule: str
    train: Dataset
    test: Dataset
    out: Path
    epochs: int
    lr: float
    compile: bool
    freeze: bool


def main() -> None:
    arguments = parsed(sys.argv[1:])
    on_one_core()
    train, test = train_and_test(arguments.data, arguments.molecule, more=arguments.more)
    job = Job(
        arguments.molecule,
        train,
        test,
        arguments.out / arguments.molecule,
        arguments.epochs,
        arguments.lr,
        arguments.compile,
        arguments.freeze,
    )
    parent = float_parent(job.molecule)
    arguments.models.mkdir(parents=True, exist_ok=True)
    for name in arguments.only or RECIPES:
        path = quantized(job, parent, name)
        target = arguments.models / f"rmd17-{job.molecule}-{name.partition('+')[0]}.ckpt"
        shutil.copyfile(path, target)
        pack(target)


def parsed(words: list[str]) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("molecule")
    parser.add_argument("--out", type=Path, default=Path("runs/rmd17"))
    parser.add_argument("--models", type=Path, default=MADE)
    parser.add_argument("--epochs", type=int, default=16, help="of quantization-aware training, and of the control")
    parser.add_argument("--more", type=Path, nargs="*", default=(), help=MORE)
    parser.add_argument("--lr", type=float, default=4e-4)
    parser.add_argument("--compile", action="store_true", help="compile the training step")
    parser.add_argument("--no-freeze", dest="freeze", action="store_false", help="as all shipped but mixed-*")
    parser.add_argument("--only", nargs="*", choices=(*RECIPES, *LATER))
    return parser.parse_args(words)


def quantized(job: Job, parent: Path, name: str) -> Path:
    out = job.out / name
    if not finished(out):
        out.mkdir(parents=True, exist_ok=True)
        epochs = 0 if name in PTQ else job.epochs
        recipe = recipe_of("fp32" if name == CONTROL else name, epochs // 8)
        named = replace(recipe, name=name) if name == CONTROL else recipe
        plan = QuantizationPlan(named, epochs, job.lr, compile=job.compile, freeze=job.freeze)
        with graceful_interrupt() as interrupt, shown_training(f"{job.molecule} {name}") as show:
            resume = (out / "last.ckpt").exists()
            run_quantization(
                load_checkpoint(parent), job.train, plan, out, resume=resume, interrupt=interrupt, show=show
            )
    return out / "model.ckpt"


def finished(out: Path) -> bool:
    """Return whether validation errors exist."""
    return (out / "model.ckpt").exists() and "validation" in load_checkpoint(out / "model.ckpt").manifest


if __name__ == "__main__":
    main()
