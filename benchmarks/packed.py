"""Packs every checkpoint of models/ into a .gaq beside it, with its rows of docs/ledger as measured accuracy.

    python benchmarks/packed.py

Golden frames are those that `gaq export` finds by itself: the structures of the rMD17 files are not ours to pass on.
"""

from __future__ import annotations

import subprocess
import sys

from places import HERE, LEDGERS


def main() -> None:
    for checkpoint in sorted((HERE / "models").glob("rmd17-*.ckpt")):
        molecule = checkpoint.stem.split("-")[1]
        rows = LEDGERS / f"rmd17-{molecule}.jsonl"
        target = checkpoint.with_suffix(".gaq")
        command = [sys.executable, "-P", "-m", "gaq", "export", str(checkpoint.relative_to(HERE))]
        options = ["-o", str(target.relative_to(HERE)), "--accuracy", str(rows.relative_to(HERE))]
        subprocess.run([*command, *options], check=True, cwd=HERE)


if __name__ == "__main__":
    main()
