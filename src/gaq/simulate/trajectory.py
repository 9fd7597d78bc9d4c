"""Trajectories as extended XYZ, the format that ASE and OVITO read: one text block per frame."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from gaq.files import write_atomically
from gaq.simulate.integrate import State


def frame_text(state: State, dt: float) -> str:
    """One frame: Lattice and pbc if periodic, energy (eV), time (fs), step; per atom positions (Å), forces
    (eV/Å), velocities (Å/fs).

    Numbers are written with 17 significant digits, so that reading gives back the same bits.
    """
    from ase.data import chemical_symbols

    structure = state.structure
    head = f"energy={state.energy:.17g} time={state.step * dt:.17g} step={state.step}"
    if structure.periodic.any():
        lattice = " ".join(f"{x:.17g}" for x in structure.cell.ravel())
        head = f'Lattice="{lattice}" {head}'
    periodic = " ".join("T" if p else "F" for p in structure.periodic)
    columns = "species:S:1:pos:R:3:forces:R:3:velocities:R:3"
    numbers = np.hstack([structure.positions, state.forces, state.velocities])
    atoms = [
        f"{chemical_symbols[z]} " + " ".join(f"{x:.17g}" for x in line)
        for z, line in zip(structure.species, numbers, strict=True)
    ]
    return "\n".join([str(len(structure)), f'Properties={columns} pbc="{periodic}" {head}', *atoms]) + "\n"


def write_trajectory(path: str | Path, states: Iterable[State], dt: float) -> None:
    """Write all frames at one stroke. Raises `BadFile` when the file cannot be written."""
    text = "".join(frame_text(state, dt) for state in states)
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
