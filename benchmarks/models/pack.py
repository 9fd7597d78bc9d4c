"""Pack checkpoints with their rows of docs/ledger. Golden frames are generated: rMD17's licence forbids redistribution.

python -m benchmarks.models.pack models/*.ckpt
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.common.places import LEDGERS
from gaq.measure.ledger import read_rows


def pack(checkpoint: Path) -> Path:
    """Pack one checkpoint and return the file."""
    target = checkpoint.with_suffix(".gaq")
    ledger = LEDGERS / f"rmd17-{checkpoint.stem.split('-')[1]}.jsonl"
    measured = ledger.exists() and any(row.model == checkpoint.name for row in read_rows(ledger))
    command = [sys.executable, "-P", "-m", "gaq", "export", str(checkpoint), "-o", str(target), "--overwrite"]
    subprocess.run([*command, *(["--accuracy", str(ledger)] if measured else [])], check=True)
    return target


if __name__ == "__main__":
    for name in sys.argv[1:]:
        pack(Path(name))
