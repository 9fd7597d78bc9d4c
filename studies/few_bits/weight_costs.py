"""Force error of 4-bit GPTQ weights in each kind of layer alone, without training.

python -m studies.few_bits.weight_costs --data PATH/rmd17
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.common.places import STUDIES
from benchmarks.common.setup import BOTH, float_parent, on_one_core, parser_of, train_and_test
from gaq.cost.parts import alone
from gaq.cost.sensitivity import Trial, costs_of, reference_of, trial_on
from gaq.measure.ledger import Row, row, write_rows
from gaq.quant.presets import w4
from gaq.quant.ptq import Gptq
from gaq.quant.slot import WEIGHTS
from gaq.train.checkpoint import load_checkpoint
from studies.few_bits.feature_spread import kind_of

FRAMES, CALIBRATION_FRAMES = 60, 100


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--molecules", nargs="*", default=BOTH)
    arguments = parser.parse_args()
    on_one_core()
    rows: list[Row] = []
    for molecule in arguments.molecules:
        train, test = train_and_test(arguments.data, molecule, CALIBRATION_FRAMES, FRAMES)
        model = float_parent(molecule)
        recipe = replace(w4(), ptq_passes=(Gptq(),))
        rows += costs(trial_on(load_checkpoint(model).model, model.name, recipe, train, test))
    write_rows(STUDIES / "few_bits" / "weight-costs.jsonl", rows)


def costs(trial: Trial) -> Iterator[Row]:
    """Yield share and force error per kind."""
    slots = [slot for slot in trial.slots if slot.role in WEIGHTS]
    size = {slot.name: math.prod(length or 1 for length in slot.shape) for slot in slots}
    reference = reference_of(trial)
    for kind in dict.fromkeys(kind_of(slot.name) for slot in slots if slot.name.startswith("layers")):
        names = [slot.name for slot in slots if kind_of(slot.name) == kind]
        recipe = alone(trial.recipe, trial.slots, names)
        share = sum(size[name] for name in names) / sum(size.values())
        force, _ = costs_of(trial, recipe, reference)
        print(trial.name, kind, f"{share:.3f}", f"{force:.2f} meV/Å", flush=True)
        yield row(reference.engine, trial.test.name, f"share:{kind}", share, "1", len(names))
        yield row(reference.engine, trial.test.name, f"force_fidelity:{kind}", force, "meV/Å", FRAMES)


if __name__ == "__main__":
    main()
