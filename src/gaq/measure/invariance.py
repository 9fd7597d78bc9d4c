"""What must not matter: where the molecule is, and in which order its atoms are listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gaq.atoms.structure import Prediction, Structure
from gaq.engine.protocol import Engine
from gaq.measure.ledger import Row, row
from gaq.units import MEV


def translation(
    engine: Engine,
    structures: Sequence[Structure],
    shifts: int = 4,
    length: float = 10.0,
    seed: int = 0,
    data: str = "",
) -> list[Row]:
    """Return the largest |ΔE| (meV) and largest ‖ΔF_i‖ (meV/Å) when everything is moved by random vectors of `length`
    Å.

    Rows: translation_energy, translation_force.
    """
    rng = np.random.default_rng(seed)
    before = engine.evaluate(structures)
    energies: list[float] = []
    forces: list[float] = []
    for _ in range(shifts):
        shift = rng.standard_normal(3)
        shift *= length / np.linalg.norm(shift)
        after = engine.evaluate([s.moved(s.positions + shift) for s in structures])
        _compare(before, [p.forces for p in after], after, energies, forces)
    return _rows(engine, data, "translation", energies, forces, seed)


def permutation(
    engine: Engine, structures: Sequence[Structure], orders: int = 4, seed: int = 0, data: str = ""
) -> list[Row]:
    """Return the largest |ΔE| (meV) and largest ‖ΔF_i‖ (meV/Å) when the atoms are listed in random orders.

    Rows: permutation_energy, permutation_force.
    """
    rng = np.random.default_rng(seed)
    before = engine.evaluate(structures)
    energies: list[float] = []
    forces: list[float] = []
    for _ in range(orders):
        drawn = [rng.permutation(len(s)) for s in structures]
        after = engine.evaluate([s.permuted(order) for s, order in zip(structures, drawn, strict=True)])
        sorted_back = [p.forces[np.argsort(order)] for p, order in zip(after, drawn, strict=True)]
        _compare(before, sorted_back, after, energies, forces)
    return _rows(engine, data, "permutation", energies, forces, seed)


def _compare(
    before: Sequence[Prediction],
    forces_after: Sequence[np.ndarray],
    after: Sequence[Prediction],
    energies: list[float],
    forces: list[float],
) -> None:
    for old, new_forces, new in zip(before, forces_after, after, strict=True):
        energies.append(abs(new.energy - old.energy) / MEV)
        forces.append(float(np.max(np.linalg.norm(new_forces - old.forces, axis=1))) / MEV)


def _rows(engine: Engine, data: str, name: str, energies: list[float], forces: list[float], seed: int) -> list[Row]:
    rows = [
        row(engine, data, f"{name}_energy", np.max(energies), "meV", len(energies)),
        row(engine, data, f"{name}_force", np.max(forces), "meV/Å", len(forces)),
    ]
    return [replace(entry, seed=seed) for entry in rows]
