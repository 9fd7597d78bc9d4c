"""The rows of the shipped models, measured on the whole of test_01 by the native engine.

    python benchmarks/shipped.py --data PATH/rmd17

Backward passes are in float, as in training: what 8 and 16 bits there cost is in the rows of engine.py. Writes
docs/ledger/rmd17-MOLECULE.jsonl. `rmd17.py` trains the models.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench import BOTH, LEDGERS, float_parent, frames_of, on_one_core, parser_of
from evaluation import measured
from gaq.engine.open import open_engine
from gaq.measure.ledger import Row, write_rows

ROTATIONS = 32
FLOAT_BACKWARD = 32


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--molecules", nargs="*", default=BOTH)
    arguments = parser.parse_args()
    on_one_core()
    for molecule in arguments.molecules:
        write_rows(LEDGERS / f"rmd17-{molecule}.jsonl", rows_of(molecule, arguments.data))


def rows_of(molecule: str, data: Path) -> list[Row]:
    """Every model of the molecule, the float model first."""
    test = frames_of(data, molecule, "test")
    parent = float_parent(molecule)
    others = sorted(set(parent.parent.glob(f"rmd17-{molecule}-*.ckpt")) - {parent})
    rows: list[Row] = []
    for path in (parent, *others):
        engine, floor = (open_engine(file, engine="native", backward_bits=FLOAT_BACKWARD) for file in (path, parent))
        recipe = path.stem.removeprefix(f"rmd17-{molecule}-")
        found = measured(engine, floor, test, ROTATIONS, None)
        rows += [replace(entry, recipe=recipe, threads=1) for entry in found]
        print(path.name, flush=True)
    return rows


if __name__ == "__main__":
    main()
