"""Systems that every host is given, what ASE's calculator says of them, and the comparison."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from ase import Atoms

from built import REPOSITORY, native_library
from gaq.atoms.from_ase import to_ase
from gaq.atoms.structure import Structure
from gaq.data.read import read_structures
from gaq.engine.native import NativeEngine
from gaq.simulate.calculator import Calculator
from packed import file_of
from tiny import box, molecule

ETHANOL = REPOSITORY / "models" / "rmd17-ethanol-mixed-w4a16.gaq"
AZOBENZENE = REPOSITORY / "models" / "rmd17-azobenzene-mixed-w4a16.gaq"
SYSTEMS = ("ethanol", "azobenzene", "nitromethane", "box")


def tiny_engine() -> NativeEngine:
    """A random float network of H, C, N and O, with virials."""
    native_library()
    return NativeEngine(file_of(), "tiny.gaq")


def lower_box() -> Structure:
    """A triclinic box in the reduced form that OpenMM demands: rows (a, 0, 0), (b, c, 0), (d, e, f)."""
    rest = box()
    cell = np.array([[4.8, 0.0, 0.0], [0.9, 4.5, 0.0], [-0.6, 1.1, 4.9]])
    positions = rest.positions @ np.linalg.solve(rest.cell, cell)
    return Structure(rest.species, positions, cell, rest.periodic)


def system(name: str) -> tuple[NativeEngine, Structure]:
    """One of `SYSTEMS`: ethanol and azobenzene with their models, a molecule and a periodic box with a random one."""
    if name == "ethanol":
        return shipped(ETHANOL), molecule("CH3CH2OH")
    if name == "azobenzene":
        engine = shipped(AZOBENZENE)
        return engine, engine.golden_structures()[0]
    return tiny_engine(), lower_box() if name == "box" else molecule("CH3NO2")


def shipped(model: Path) -> NativeEngine:
    """The engine of a model of this repository."""
    native_library()
    return NativeEngine.from_file(model)


def ethanol_at_rest() -> Structure:
    """What the example of i-PI begins with."""
    return read_structures(REPOSITORY / "examples" / "ipi" / "ethanol.xyz")[0]


def by_ase(engine: NativeEngine, structure: Structure) -> Atoms:
    """Atoms with the calculator that the host must agree with."""
    atoms = to_ase(structure)
    atoms.calc = Calculator(engine)
    return atoms


def differ(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference relative to the largest number expected."""
    return float(np.abs(np.asarray(found) - expected).max() / np.abs(expected).max())


def copied(examples: str, folder: Path) -> Path:
    """An example as a user has it, beside the models, in a folder where it may write."""
    place = folder / "examples" / examples
    shutil.copytree(REPOSITORY / "examples" / examples, place)
    (folder / "models").symlink_to(REPOSITORY / "models")
    return place
