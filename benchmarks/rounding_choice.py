"""Constants of reconstruction (AdaRound, QDrop) compared, on training frames that calibration does not see.

    python benchmarks/rounding_choice.py --data PATH/rmd17

`adaround-w4` on ethanol, calibrated on the first 100 training frames, its forces measured on frames 500 to 699 of the
same file; the test set has no part in it. Rows go to docs/ledger/rounding-choice.jsonl.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import product
from pathlib import Path

from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.engine.pytorch import TorchEngine
from gaq.measure.accuracy import accuracy
from gaq.measure.ledger import Row, write_rows
from gaq.model.transformer import Transformer
from gaq.quant.install import preset
from gaq.quant.recipe import Recipe
from gaq.quant.treatment import Gptq, Reconstruct
from gaq.train import reconstruct
from gaq.train.calibrate import quantized_copy
from gaq.train.checkpoint import load_checkpoint
from gaq.train.frames import prepare
from gaq.train.memory import keep_freed_memory, use_threads

HERE = Path(__file__).resolve().parent.parent
PUSHES, RATES, STEPS = (0.1, 1.0, 10.0), (3e-2, 1e-1), (200,)
LONG = (1.0, 1e-1, 800)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the official npz files")
    arguments = parser.parse_args()
    use_threads(1)
    keep_freed_memory()
    parent = load_checkpoint(HERE / "models" / "rmd17-ethanol-fp32.ckpt").model
    frames = read_dataset(arguments.data / "rmd17_ethanol_train_01.npz")
    calibration, held_out = prepare(frames.subset(range(100)), parent.cutoff), frames.subset(range(500, 700))
    rows: list[Row] = []
    plain = preset("w4")
    tried = {"nearest": plain, "gptq": replace(plain, treatments=(Gptq(),))}
    for name, recipe in tried.items():
        rows += measured(name, quantized_copy(parent, recipe, calibration), recipe, held_out)
    for push, rate, steps in (*product(PUSHES, RATES, STEPS), LONG):
        reconstruct.PUSH, reconstruct.RATE_OF_ROUNDING = push, rate
        recipe = replace(preset("adaround-w4"), treatments=(Reconstruct(steps=steps),))
        model = quantized_copy(parent, recipe, calibration)
        rows += measured(f"push {push:g}, rate {rate:g}, {steps} steps", model, recipe, held_out)
        write_rows(HERE / "docs" / "ledger" / "rounding-choice.jsonl", rows)


def measured(name: str, model: Transformer, recipe: Recipe, held_out: Dataset) -> list[Row]:
    """Errors on the frames that were held out."""
    found = accuracy(TorchEngine(model, name, recipe.name), held_out)
    print(name, *(f"{r.metric} {r.value:.3g}" for r in found if r.metric in ("energy_mae", "force_mae")), flush=True)
    return [replace(row, model=name) for row in found]


if __name__ == "__main__":
    main()
