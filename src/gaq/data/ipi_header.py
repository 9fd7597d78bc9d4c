"""The second line of a frame written by i-PI: a cell, and the units of cell and positions.

    # CELL(abcABC):   18.64370   18.64370   18.64370   90.0   90.0   90.0  Step: 0  positions{angstrom}  cell{angstrom}

i-PI's systems always have a cell, in all three directions. (Kapil et al., Comput. Phys. Commun. 236, 214 (2019).)
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from gaq.errors import BadFile
from gaq.units import BOHR

LENGTHS = {"angstrom": 1.0, "atomic_unit": BOHR, "bohr": BOHR, "nanometer": 10.0}  # in Å
POSITIONS = ("positions", "x_centroid")  # i-PI's trajectories that hold positions
_CELL = re.compile(r"CELL\s*[(\[{](abcABC|H|GENH)[)\]}]\s*:\s*([-+0-9.eE\s]*)")
_UNIT = re.compile(r"(?<!\w)(\w+)\{(\w*)\}")


@dataclass(frozen=True)
class Header:
    """The line as extended XYZ, and the factor that converts positions to Å."""

    comment: str
    factor: float


def ipi_header(line: str, where: str) -> Header | None:
    """Return the content of an i-PI header; None for any other line. Raises BadFile for an incomplete one."""
    found = _CELL.search(line)
    if found is None:
        return None
    units = {name: unit for name, unit in _UNIT.findall(line) if name != "CELL"}
    quantities = [name for name in units if name != "cell"]
    if any(name not in POSITIONS for name in quantities):
        raise BadFile(f"{where}: i-PI wrote {', '.join(quantities)} here; expected positions. Give that file.")
    if "cell" not in units or not quantities:
        raise BadFile(
            f"{where}: a cell in i-PI's form, and no unit of {'positions' if 'cell' in units else 'the cell'}. Write "
            f"positions{{angstrom}} cell{{angstrom}} (or {{atomic_unit}}) at the end of the line."
        )
    vectors = _length(units["cell"], where) * _vectors(found[1], found[2].split(), where)
    lattice = " ".join(f"{x:.17g}" for x in vectors.ravel())
    return Header(f'Lattice="{lattice}" pbc="T T T"', _length(units[quantities[0]], where))


def _length(unit: str, where: str) -> float:
    if unit not in LENGTHS:
        raise BadFile(f"{where}: {unit!r} is no unit of length known here; expected {', '.join(LENGTHS)}.")
    return LENGTHS[unit]


def _vectors(kind: str, words: list[str], where: str) -> np.ndarray:
    """Return lattice vectors in rows. i-PI's matrices have them in columns."""
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    count = 6 if kind == "abcABC" else 9
    if len(numbers) < count or not all(math.isfinite(x) for x in numbers):
        raise BadFile(f"{where}: CELL({kind}) has {len(numbers)} numbers; expected {count}.")
    if kind != "abcABC":
        return np.array(numbers[:9]).reshape(3, 3).T
    from ase.geometry import cellpar_to_cell

    return np.asarray(cellpar_to_cell(numbers[:6]), dtype=np.float64)
