"""Ethanol on the test frames that no choice was made on.

    python benchmarks/untouched.py --data PATH/rmd17 --out runs/untouched

Learning rate and length of quantization-aware training were chosen in trials on ethanol, some of which looked at the
first 300 frames of test_01. Here the shipped models are measured on the other 700. Rows go to OUT/rows.jsonl.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from gaq.data.read import read_dataset
from gaq.engine.open import open_engine
from gaq.measure.accuracy import accuracy
from gaq.measure.ledger import write_rows
from gaq.train.memory import keep_freed_memory, use_threads

LOOKED_AT = 300
HERE = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the official npz files")
    parser.add_argument("--out", type=Path, default=Path("runs/untouched"))
    arguments = parser.parse_args()
    use_threads(1)
    keep_freed_memory()
    test = read_dataset(arguments.data / "rmd17_ethanol_test_01.npz")
    rest = replace(test.subset(range(LOOKED_AT, len(test))), name=f"{test.name}[{LOOKED_AT}:]")
    rows = [
        entry
        for path in sorted((HERE / "models").glob("rmd17-ethanol-*.ckpt"))
        for entry in accuracy(open_engine(path), rest)
    ]
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_rows(arguments.out / "rows.jsonl", rows)


if __name__ == "__main__":
    main()
