"""The instruction sets of this machine, all bits of an answer, and a system that the engine spreads over threads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from built import native_library
from gaq.atoms.structure import Prediction, Structure
from gaq.engine._library import load_library
from tiny import box

SETS = ("scalar", "avx2", "avx512", "amx", "neon")


def available(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The instruction sets of this build that this machine has."""
    found = []
    for name in SETS:
        monkeypatch.setenv("GAQ_ISA", name)
        if load_library(native_library()).gaq_isa() is not None:
            found.append(name)
    assert "scalar" in found
    if len(found) == 1:
        pytest.skip("needs a machine with more than the scalar instruction set")
    return found


def bits(predictions: Sequence[Prediction]) -> list[bytes]:
    """Energies, forces and virials, every bit of them."""
    return [np.float64(p.energy).tobytes() + p.forces.tobytes() + p.virial.tobytes() for p in predictions]


def large_box(copies: tuple[int, int, int] = (5, 5, 4)) -> Structure:
    """600 atoms: copies of a small box, all atoms moved a little."""
    one = box()
    steps = np.array([[i, j, k] for i in range(copies[0]) for j in range(copies[1]) for k in range(copies[2])])
    positions = (one.positions[None] + (steps @ one.cell)[:, None]).reshape(-1, 3)
    positions += 0.1 * np.random.default_rng(5).standard_normal(positions.shape)
    return Structure(np.tile(one.species, len(steps)), positions, one.cell * np.array(copies)[:, None], one.periodic)
