"""A nanosecond of azobenzene for models of methods.py, seed 0; about seven minutes each.

python -m benchmarks.dynamics.nanosecond_methods --data PATH/rmd17 --workers 2
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from benchmarks.common.method_rows import IN_PYTORCH, MAIN_RECIPES, trained_model
from benchmarks.common.places import LEDGERS
from benchmarks.common.setup import parser_of
from benchmarks.dynamics.nanosecond import made, nanosecond_of
from benchmarks.dynamics.nanosecond_rows import beside, collected
from gaq.measure.ledger import write_rows

MOLECULE = "azobenzene"


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--trained", type=Path, default=Path("runs/methods"), help="what methods.py wrote")
    parser.add_argument("--out", type=Path, default=Path("runs/methods-dynamics"))
    parser.add_argument(
        "--only", nargs="*", choices=MAIN_RECIPES, default=[row for row in MAIN_RECIPES if row != IN_PYTORCH]
    )
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    names = {row.replace("/", "-"): row for row in arguments.only}  # file name to row
    models = {mode: trained_model(arguments.trained, MOLECULE, row) for mode, row in names.items()}
    runs = [nanosecond_of(mode) for mode in models]
    with ThreadPoolExecutor(arguments.workers) as pool:
        codes = list(pool.map(lambda run: made(run, models[run.mode], None, arguments.data, arguments.out), runs))
    if any(code > 1 for code in codes):  # 1: unstable, a valid result
        sys.exit("some runs failed; see the files *.out")
    rows = [replace(entry, recipe=names[entry.recipe]) for entry in collected(arguments.out, runs)]
    ledger = LEDGERS / "nanosecond-methods.jsonl"
    write_rows(ledger, sorted(beside(rows, ledger), key=lambda r: MAIN_RECIPES.index(r.recipe)))


if __name__ == "__main__":
    main()
