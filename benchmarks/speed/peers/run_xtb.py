"""GFN2-xTB by tblite with a warm start."""

from __future__ import annotations

import serve

import numpy as np
from tblite.interface import Calculator

BOHR = 0.529177210903  # Å
HARTREE = 27.211386245988  # eV


def build(form: str, numbers: np.ndarray, positions: np.ndarray) -> serve.Evaluate:
    calculator = Calculator("GFN2-xTB", numbers, positions / BOHR)
    calculator.set("verbosity", 0)
    before = calculator.singlepoint()

    def evaluate(moved: np.ndarray) -> np.ndarray:
        nonlocal before
        calculator.update(moved / BOHR)
        before = calculator.singlepoint(before)
        return -before.get("gradient") * (HARTREE / BOHR)

    return evaluate


if __name__ == "__main__":
    serve.main(build, "GFN2-xTB (tblite)", ("restarted",))
