"""Constants of reconstruction (AdaRound, QDrop) compared, on training frames that calibration does not see.

    python -m studies.ablations.rounding_choice --data PATH/rmd17

`adaround-w4` on ethanol, calibrated on the first 100 training frames, its forces measured on frames 500 to 699 of the
same file; the test set has no part in it. Rows go to docs/ledger/rounding-choice.jsonl.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from benchmarks.common.places import STUDIES
from benchmarks.common.setup import float_parent, frames_of, on_one_core, parser_of
from gaq.data.dataset import Dataset
from gaq.engine.pytorch import TorchEngine
from gaq.measure.accuracy import accuracy
from gaq.measure.ledger import Row, write_rows
from gaq.model.transformer.network import Transformer
from gaq.quant.install import preset
from gaq.quant.ptq import Gptq, Reconstruct
from gaq.quant.recipe import Recipe
from gaq.train import reconstruct
from gaq.train.calibrate import quantized_copy
from gaq.train.checkpoint import load_checkpoint
from gaq.train.frames import prepare

PUSHES, RATES, STEPS = (0.1, 1.0, 10.0), (3e-2, 1e-1), (200,)
LONG = (1.0, 1e-1, 800)


def main() -> None:
    parser = parser_of(__doc__)
    arguments = parser.parse_args()
    on_one_core()
    parent = load_checkpoint(float_parent("ethanol")).model
    frames = frames_of(arguments.data, "ethanol", "train")
    calibration, held_out = prepare(frames.subset(range(100)), parent.cutoff), frames.subset(range(500, 700))
    rows: list[Row] = []
    plain = preset("w4")
    tried = {"nearest": plain, "gptq": replace(plain, ptq_passes=(Gptq(),))}
    for name, recipe in tried.items():
        rows += measured(name, quantized_copy(parent, recipe, calibration), recipe, held_out)
    for push, rate, steps in (*product(PUSHES, RATES, STEPS), LONG):
        reconstruct.PUSH, reconstruct.RATE_OF_ROUNDING = push, rate
        recipe = replace(preset("adaround-w4"), ptq_passes=(Reconstruct(steps=steps),))
        model = quantized_copy(parent, recipe, calibration)
        rows += measured(f"push {push:g}, rate {rate:g}, {steps} steps", model, recipe, held_out)
        write_rows(STUDIES / "ablations" / "rounding-choice.jsonl", rows)


def measured(name: str, model: Transformer, recipe: Recipe, held_out: Dataset) -> list[Row]:
    """Errors on the frames that were held out."""
    found = accuracy(TorchEngine(model, name, recipe.name), held_out)
    print(name, *(f"{r.metric} {r.value:.3g}" for r in found if r.metric in ("energy_mae", "force_mae")), flush=True)
    return [replace(row, model=name) for row in found]


if __name__ == "__main__":
    main()
