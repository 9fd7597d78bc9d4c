"""A box of 10,368 atoms of water, equilibrated by `gaq md` and repeated.

python -m benchmarks.programs.water_box --data PATH/water -o runs/water-box.xyz
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import ase.io

from benchmarks.common.places import HERE

TIMES = (3, 3, 6)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with water_192.xyz")
    parser.add_argument("--model", type=Path, default=HERE / "models" / "water-w4a16.gaq")
    parser.add_argument("--steps", type=int, default=2000, help="of 0.5 fs")
    parser.add_argument("-o", "--out", type=Path, default=HERE / "runs" / "water-box.xyz")
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    first, warm = (arguments.out.with_suffix(ending) for ending in (".first.xyz", ".warm.xyz"))
    ase.io.write(first, ase.io.read(arguments.data / "water_192.xyz", index=-1))
    command = [sys.executable, "-P", "-m", "gaq", "md", str(arguments.model), str(first), "-o", str(warm)]
    command += [
        "--overwrite",
        "--ensemble",
        "nvt",
        "--steps",
        str(arguments.steps),
        "--every",
        "100",
        "--bonds-may-break",
    ]
    subprocess.run(command, check=True)
    box = ase.io.read(warm, index=-1)
    box.calc = None
    ase.io.write(arguments.out, box.repeat(TIMES))
    print(f"{arguments.out}: {len(box) * TIMES[0] * TIMES[1] * TIMES[2]:,} atoms")


if __name__ == "__main__":
    main()
