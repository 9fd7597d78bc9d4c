"""Which weights four bits cost: each kind of layer alone with four-bit weights from GPTQ, all else in float.

    python benchmarks/weight_costs.py --data PATH/rmd17

For each kind its share of the weights of the network and the rms error of forces against the float parent, over FRAMES
test frames, without training. Rows go to docs/ledger/weight-costs.jsonl.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from feature_spread import kind_of
from gaq.cost.parts import alone
from gaq.cost.sensitivity import Trial, costs_of, reference_of, trial_on
from gaq.data.read import read_dataset
from gaq.measure.ledger import Row, row, write_rows
from gaq.quant.presets import w4
from gaq.quant.slot import WEIGHTS
from gaq.quant.treatment import Gptq
from gaq.train.checkpoint import load_checkpoint
from gaq.train.memory import keep_freed_memory, use_threads

HERE = Path(__file__).resolve().parent.parent
FRAMES, CALIBRATION_FRAMES = 60, 100


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the official npz files")
    parser.add_argument("--molecules", nargs="*", default=("azobenzene", "ethanol"))
    arguments = parser.parse_args()
    use_threads(1)
    keep_freed_memory()
    rows: list[Row] = []
    for molecule in arguments.molecules:
        train, test = (
            read_dataset(arguments.data / f"rmd17_{molecule}_{part}_01.npz", limit)
            for part, limit in (("train", CALIBRATION_FRAMES), ("test", FRAMES))
        )
        model = HERE / "models" / f"rmd17-{molecule}-fp32.ckpt"
        recipe = replace(w4(), treatments=(Gptq(),))
        rows += costs(trial_on(load_checkpoint(model).model, model.name, recipe, train, test))
    write_rows(HERE / "docs" / "ledger" / "weight-costs.jsonl", rows)


def costs(trial: Trial) -> Iterator[Row]:
    """Share of the weights and force error of each kind of layer."""
    slots = [slot for slot in trial.slots if slot.role in WEIGHTS]
    size = {slot.name: math.prod(length or 1 for length in slot.shape) for slot in slots}
    reference = reference_of(trial)
    for kind in dict.fromkeys(kind_of(slot.name) for slot in slots if slot.name.startswith("layers")):
        names = [slot.name for slot in slots if kind_of(slot.name) == kind]
        recipe = replace(alone(trial.recipe, trial.slots, names), treatments=trial.recipe.treatments)
        share = sum(size[name] for name in names) / sum(size.values())
        force, _ = costs_of(trial, recipe, reference)
        print(trial.name, kind, f"{share:.3f}", f"{force:.2f} meV/Å", flush=True)
        yield row(reference.engine, trial.test.name, f"share:{kind}", share, "1", len(names))
        yield row(reference.engine, trial.test.name, f"force_fidelity:{kind}", force, "meV/Å", FRAMES)


if __name__ == "__main__":
    main()
