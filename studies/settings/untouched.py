"""Errors on the ethanol test frames that no setting was chosen on.

python -m studies.settings.untouched --data PATH/rmd17
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.common.places import model_files
from benchmarks.common.setup import frames_of, on_one_core, parser_of
from gaq.engine.open import open_engine
from gaq.measure.accuracy import accuracy
from gaq.measure.ledger import write_rows

LOOKED_AT = 300


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/untouched"))
    arguments = parser.parse_args()
    on_one_core()
    test = frames_of(arguments.data, "ethanol", "test")
    rest = replace(test.subset(range(LOOKED_AT, len(test))), name=f"{test.name}[{LOOKED_AT}:]")
    rows = [entry for path in model_files("rmd17-ethanol-*.ckpt") for entry in accuracy(open_engine(path), rest)]
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_rows(arguments.out / "rows.jsonl", rows)


if __name__ == "__main__":
    main()
