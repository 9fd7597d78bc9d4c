"""LAMMPS run as a user runs it, on structures of the tests: one input, some ranks, and what came of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase.data import atomic_masses, chemical_symbols

from gaq.atoms.structure import Structure
from gaq.units import ELEMENTARY_CHARGE

BAR = ELEMENTARY_CHARGE * 1e30 / 1e5  # eV/Å³ in bar
PROGRAMS = Path(sys.executable).parent
SECONDS = 120


@dataclass(frozen=True)
class Said:
    """What LAMMPS says of the atoms it was given, in its own units, atoms in the order in which they came."""

    energy: float
    pressure: np.ndarray  # [6] xx yy zz xy xz yz
    forces: np.ndarray  # [atom, 3]
    energies: np.ndarray  # [atom]
    builds: float  # of the engine's list of pairs, over all ranks
    log: str


def lammps(folder: Path, script: str, ranks: int = 1, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a script in a folder, by mpiexec when there are several ranks."""
    (folder / "in.lammps").write_text(script)
    program: list[str | Path] = [PROGRAMS / "lmp", "-in", "in.lammps", "-log", "log.lammps"]
    if ranks > 1:
        program = [PROGRAMS / "mpiexec", "-n", str(ranks), *program]
    return subprocess.run(
        [*map(str, program)],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def write_data(path: Path, structure: Structure, velocities: np.ndarray | None = None) -> Sequence[str]:
    """Atoms as LAMMPS reads them, a type for each element; returns the elements of the types.

    `velocities` are in Å/ps. The cell has its first vector along x and its second in the plane of x and y.
    """
    elements = sorted(set(structure.species.tolist()))
    if structure.periodic.any():
        assert np.array_equal(structure.cell, np.tril(structure.cell))
        sides = np.stack([np.zeros(3), np.diag(structure.cell)], axis=1)
    else:
        sides = np.stack([structure.positions.min(axis=0) - 1, structure.positions.max(axis=0) + 1], axis=1)
    lines = ["of a test", "", f"{len(structure)} atoms", f"{len(elements)} atom types", ""]
    lines += [f"{low!r} {high!r} {x}lo {x}hi" for (low, high), x in zip(sides.tolist(), "xyz", strict=True)]
    tilts = [structure.cell[1, 0], structure.cell[2, 0], structure.cell[2, 1]]
    if any(tilts):
        lines.append(f"{' '.join(repr(float(tilt)) for tilt in tilts)} xy xz yz")
    lines += ["", "Masses", "", *(f"{n} {float(atomic_masses[z])!r}" for n, z in enumerate(elements, start=1))]
    lines += ["", "Atoms # atomic", ""]
    for n, (z, x) in enumerate(zip(structure.species.tolist(), structure.positions.tolist(), strict=True), start=1):
        lines.append(f"{n} {elements.index(z) + 1} {x[0]!r} {x[1]!r} {x[2]!r}")
    if velocities is not None:
        lines += ["", "Velocities", ""]
        lines += [f"{n} {v[0]!r} {v[1]!r} {v[2]!r}" for n, v in enumerate(velocities.tolist(), start=1)]
    path.write_text("\n".join(lines) + "\n")
    return [chemical_symbols[z] for z in elements]


def beginning(
    plugin: Path,
    structure: Structure,
    elements: Sequence[str],
    *,
    units: str = "metal",
    style: str = "pair_style gaq",
    coeff: str = "pair_coeff * * model.gaq",
    before: str = "",
) -> str:
    """The lines of an input up to the pair style."""
    boundary = " ".join("p" if p else "s" for p in structure.periodic)
    return "\n".join(
        [
            f"units {units}",
            f"boundary {boundary}",
            "atom_style atomic",
            before,
            "read_data atoms.data",
            f"plugin load {plugin}",
            style,
            f"{coeff} {' '.join(elements)}",
            "",
        ]
    )


SINGLE_POINT = """
neighbor 1.0 bin
compute atoms all pe/atom
dump atoms all custom 1 dump.txt id fx fy fz c_atoms x y z
dump_modify atoms sort id format float %.17g
thermo_style custom step pe press v_builds
run 0
"""
NUMBERS = ("pe", "pxx", "pyy", "pzz", "pxy", "pxz", "pyz", "v_builds")
SINGLE_POINT += f'print "{" ".join(f"$({name}:%.17g)" for name in NUMBERS)}" file said.txt\n'


def single_point(
    folder: Path, plugin: Path, model: bytes, structure: Structure, ranks: int = 1, more: str = "", **options: str
) -> Said:
    """Energy, pressure, forces and energies of atoms of one structure."""
    (folder / "model.gaq").write_bytes(model)
    elements = write_data(folder / "atoms.data", structure)
    counted = "gaq" in options.get("style", "gaq")  # `compute pair` takes no style that is not there
    builds = "compute builds all pair gaq\nvariable builds equal c_builds[1]" if counted else "variable builds equal 0"
    script = beginning(plugin, structure, elements, **options) + f"{more}\n{builds}\n" + SINGLE_POINT
    result = lammps(folder, script, ranks)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-2000:]
    return said(folder)


def said(folder: Path) -> Said:
    """What the last run in a folder left."""
    numbers = [float(word) for word in (folder / "said.txt").read_text().split()]
    rows = np.loadtxt(folder / "dump.txt", skiprows=9, ndmin=2)
    log = (folder / "log.lammps").read_text()
    return Said(numbers[0], np.array(numbers[1:7]), rows[:, 1:4], rows[:, 4], numbers[7], log)


def six(matrix: np.ndarray) -> np.ndarray:
    """xx yy zz xy xz yz of the symmetric part of a matrix."""
    matrix = (matrix + matrix.T) / 2
    return np.array([matrix[0, 0], matrix[1, 1], matrix[2, 2], matrix[0, 1], matrix[0, 2], matrix[1, 2]])
