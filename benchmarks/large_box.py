"""Ten picoseconds of a periodic box of more than ten thousand atoms at constant energy.

    gaq train configs/water-fp32.toml --data PATH/water/water_192.xyz --out runs/water
    python benchmarks/large_box.py --model runs/water/model.ckpt --data PATH/water/water_192.xyz

The first frame, 64 molecules of water, is repeated 4 × 4 × 4. `gaq md` does the rest; a run that was stopped goes on.
Rows go to docs/ledger/large-box.jsonl.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import ase.io

HERE = Path(__file__).resolve().parent.parent
REPEAT = (4, 4, 4)
STEPS, TIMESTEP = 10_000, 1.0  # fs


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="a box of what the model knows")
    parser.add_argument("--out", type=Path, default=HERE / "runs" / "large-box")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    box, rows = arguments.out / "box.xyz", arguments.out / "rows.jsonl"
    if not box.exists():
        atoms = ase.io.read(arguments.data, 0)
        atoms.calc = None
        for name in set(atoms.arrays) - {"numbers", "positions"}:
            del atoms.arrays[name]
        ase.io.write(box, atoms.repeat(REPEAT))
    command = [sys.executable, "-m", "gaq", "md", str(arguments.model), str(box), "--steps", str(STEPS)]
    command += ["--dt", str(TIMESTEP), "--log-every", "20", "--every", "500", "--threads", str(arguments.threads)]
    command += ["-o", str(arguments.out / "nve.traj"), "--resume", "--json", str(rows)]
    code = subprocess.run(command, check=False).returncode
    if rows.exists():
        shutil.copyfile(rows, HERE / "docs" / "ledger" / "large-box.jsonl")
    sys.exit(code)


if __name__ == "__main__":
    main()
