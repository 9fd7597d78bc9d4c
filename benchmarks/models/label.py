"""Label the frames of a trajectory with the mean energy and forces of several models: their errors partly cancel.

python -m benchmarks.models.label frames.traj teacher-0.gaq teacher-1.gaq --out more.traj
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read, write

from benchmarks.common.setup import on_one_core
from gaq.data.read import read_structures
from gaq.engine.open import open_engine

AT_ONCE = 50  # structures


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("frames", type=Path)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    on_one_core()
    frames, structures = read(arguments.frames, ":"), read_structures(arguments.frames)
    energies, forces = np.zeros(len(frames)), [np.zeros((len(s), 3)) for s in structures]
    for model in arguments.models:
        engine = open_engine(model)
        for first in range(0, len(frames), AT_ONCE):
            for k, answer in enumerate(engine.evaluate(structures[first : first + AT_ONCE]), start=first):
                energies[k] += answer.energy / len(arguments.models)
                forces[k] += answer.forces / len(arguments.models)
        print(model, flush=True)
    for atoms, energy, force in zip(frames, energies, forces, strict=True):
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=force)
    write(arguments.out, frames)


if __name__ == "__main__":
    main()
