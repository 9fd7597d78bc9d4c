"""The rows of the shipped models, measured on the whole of test_01 by the native engine.

    python benchmarks/shipped.py --data PATH/rmd17

Backward passes are in float, as in training: what 8 and 16 bits there cost is in the rows of engine.py. Writes
docs/ledger/rmd17-MOLECULE.jsonl. `rmd17.py` trains the models.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from evaluation import measured
from gaq.data.read import read_dataset
from gaq.engine.open import open_engine
from gaq.measure.ledger import Row, write_rows
from gaq.train.memory import use_threads

HERE = Path(__file__).resolve().parent.parent
ROTATIONS = 32
FLOAT_BACKWARD = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the official npz files")
    parser.add_argument("--molecules", nargs="*", default=("azobenzene", "ethanol"))
    arguments = parser.parse_args()
    use_threads(1)
    for molecule in arguments.molecules:
        write_rows(HERE / "docs" / "ledger" / f"rmd17-{molecule}.jsonl", rows_of(molecule, arguments.data))


def rows_of(molecule: str, data: Path) -> list[Row]:
    """Every model of the molecule, the float model first."""
    test = read_dataset(data / f"rmd17_{molecule}_test_01.npz")
    parent = HERE / "models" / f"rmd17-{molecule}-fp32.ckpt"
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
