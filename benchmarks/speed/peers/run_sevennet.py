"""SevenNet of the wheel of sevenn, by its own calculator in float32, neighbour lists included.

$SEVENNET_MODEL is a name that sevenn knows; without, 7net-0.
"""

from __future__ import annotations

import os

import serve

os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"

import numpy as np
import torch
from ase import Atoms
from sevenn.calculator import SevenNetCalculator


def build(form: str, numbers: np.ndarray, positions: np.ndarray) -> serve.Evaluate:
    torch.set_num_threads(1)
    calculator = SevenNetCalculator(os.environ.get("SEVENNET_MODEL", "7net-0"), device="cpu")
    atoms = Atoms(numbers, positions, calculator=calculator)

    def evaluate(moved: np.ndarray) -> np.ndarray:
        atoms.positions = moved
        return atoms.get_forces()

    return evaluate


if __name__ == "__main__":
    serve.main(build, "SevenNet (sevenn)", ("ase",))
