"""Errors on test_01 of all models of train.py, native engine, float backward pass.

python -m benchmarks.models.measure --data PATH/rmd17
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from benchmarks.common.evaluation import measured
from benchmarks.common.places import LEDGERS, model_files
from benchmarks.common.setup import BOTH, float_parent, frames_of, on_one_core, parser_of
from gaq.engine.open import open_engine
from gaq.measure.ledger import Row, read_rows, write_rows

ROTATIONS = 32
FLOAT_BACKWARD = 32


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--molecules", nargs="*", default=BOTH)
    parser.add_argument("--only", nargs="*", help="recipes; rows of the others stay as they are")
    arguments = parser.parse_args()
    on_one_core()
    for molecule in arguments.molecules:
        ledger, only = LEDGERS / f"rmd17-{molecule}.jsonl", arguments.only
        kept = [entry for entry in read_rows(ledger) if entry.recipe not in only] if only else []
        write_rows(ledger, kept + rows_of(molecule, arguments.data, only))


def rows_of(molecule: str, data: Path, only: Collection[str] | None = None) -> list[Row]:
    test = frames_of(data, molecule, "test")
    parent = float_parent(molecule)
    others = [path for path in model_files(f"rmd17-{molecule}-*.ckpt") if path != parent]
    rows: list[Row] = []
    for path in (parent, *others):
        recipe = path.stem.removeprefix(f"rmd17-{molecule}-")
        if only and recipe not in only:
            continue
        engine, floor = (open_engine(file, engine="native", backward_bits=FLOAT_BACKWARD) for file in (path, parent))
        found = measured(engine, floor, test, ROTATIONS, None)
        rows += [replace(entry, recipe=recipe, threads=1) for entry in found]
        print(path.name, flush=True)
    return rows


if __name__ == "__main__":
    main()
