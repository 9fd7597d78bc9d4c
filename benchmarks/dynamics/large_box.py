"""Ten picoseconds of 420 azobenzene molecules at constant energy. A stopped run continues.

    python -m benchmarks.dynamics.large_box --data PATH/rmd17

Molecules are rotated at random, with centers at rest: they never meet.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms, units

from benchmarks.common.places import HERE, LEDGERS, SHIPPED
from gaq.atoms.structure import Structure
from gaq.data.read import read_structures
from gaq.measure.rotations import haar_rotations
from gaq.simulate.velocities import masses_of, thermal_velocities

PLACES = (7, 6, 10)
SPACING = 17.0  # Å: molecule plus cutoff
STEPS, TIMESTEP = 10_000, 1.0  # fs
SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the files of rMD17")
    parser.add_argument("--model", type=Path, default=SHIPPED / "rmd17-azobenzene-mixed-w4a16.gaq")
    parser.add_argument("--out", type=Path, default=HERE / "runs" / "large-box")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    box, rows = arguments.out / "box.xyz", arguments.out / "rows.jsonl"
    if not box.exists():
        ase.io.write(box, gas(arguments.data / "rmd17_azobenzene_test_01.npz"))
    command = [sys.executable, "-P", "-m", "gaq", "md", str(arguments.model), str(box), "--velocities", "keep"]
    command += ["--steps", str(STEPS), "--dt", str(TIMESTEP), "--log-every", "20", "--every", "1000"]
    command += ["--threads", str(arguments.threads), "-o", str(arguments.out / "nve.traj"), "--resume"]
    code = subprocess.run([*command, "--json", str(rows)], check=False).returncode
    if rows.exists():
        shutil.copyfile(rows, LEDGERS / "large-box.jsonl")
    sys.exit(code)


def gas(file: Path) -> Atoms:
    rng = np.random.default_rng(SEED)
    places = np.stack(np.meshgrid(*map(np.arange, PLACES), indexing="ij"), axis=-1).reshape(-1, 3)
    rotations = haar_rotations(len(places), rng)
    whole = Atoms(cell=SPACING * np.array(PLACES), pbc=True)
    for place, rotation, frame in zip(places, rotations, read_structures(file, len(places)), strict=True):
        centred = frame.positions - frame.positions.mean(axis=0)
        molecule = Structure.molecule(frame.species, centred @ rotation.T + SPACING * (place + 0.5))
        atoms = Atoms(molecule.species, molecule.positions)
        masses = masses_of(molecule)
        atoms.set_velocities(thermal_velocities(molecule, masses, 300.0, rng) / units.fs)
        whole += atoms
    return whole


if __name__ == "__main__":
    main()
