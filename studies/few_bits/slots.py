"""Force error of 8 bits in each kind of slot alone.

python -m studies.few_bits.slots --parent models/rmd17-azobenzene-fp32.ckpt --data PATH/rmd17
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.common.setup import on_one_core, parser_of, train_and_test
from gaq.cost.sensitivity import sensitivity, trial_on
from gaq.measure.ledger import write_rows
from gaq.quant.observe import UnitRange
from gaq.quant.presets import frame_w8a8
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.slot import Role
from gaq.quant.spec import Uniform
from gaq.report.slots import costs_by_part
from gaq.train.session import load

TEST_FRAMES, CALIBRATION_FRAMES = 60, 30


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--parent", type=Path, required=True, help="float checkpoint")
    parser.add_argument("--molecule", default="azobenzene")
    parser.add_argument("--out", type=Path, default=Path("runs/slots"))
    arguments = parser.parse_args()
    on_one_core()
    train, test = train_and_test(arguments.data, arguments.molecule, CALIBRATION_FRAMES, TEST_FRAMES)
    trial = trial_on(load(arguments.parent), arguments.parent.name, everywhere(), train, test)
    rows = sensitivity(replace(trial, rotations=0, circled=0), "kind", lambda part, *_: print(part, flush=True))
    for part, group in costs_by_part(rows).items():
        print(f"{part:28s} {'  '.join(f'{r.metric} {r.value:.3f} {r.unit}' for r in group)}", flush=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_rows(arguments.out / "rows.jsonl", rows)


def everywhere() -> Recipe:
    """Return frame-w8a8 with 8 bits in every slot and plain rounding."""
    recipe = frame_w8a8(warmup=0, readout_bits=8, centred=False, principal=0)
    keys = Rule(Role.QUERY_KEY, Uniform(8), UnitRange())
    rules = tuple(keys if rule.where is Role.QUERY_KEY else rule for rule in recipe.rules)
    return Recipe("w8a8-everywhere", rules, "eight bits everywhere")


if __name__ == "__main__":
    main()
