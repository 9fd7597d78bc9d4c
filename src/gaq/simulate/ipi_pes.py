"""A model as a class for i-PI, which takes cells and positions in atomic units.

i-PI loads a file that names the class, in its own process (`<ffdirect>` with `<pes> custom </pes>`) or in its driver
(`i-pi-py_driver -m custom -P`). Such a file is one line: `from gaq.simulate.ipi_pes import __DRIVER_CLASS__, Driver`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from gaq.atoms.checks import check_species
from gaq.atoms.structure import Prediction, Structure
from gaq.data.read import is_npz, read_structures
from gaq.data.xyz_text import read_text
from gaq.engine.open import engine_of
from gaq.engine.protocol import Engine, gives_virial
from gaq.errors import BadStructure, UsageError
from gaq.units import BOHR, HARTREE

__DRIVER_CLASS__ = "Driver"

Answer = tuple[float, np.ndarray, np.ndarray, str]


class Driver:
    """Energy (Hartree), forces (Hartree/Bohr), virial −dE/dε (Hartree) and an empty text, for a cell with
    the lattice vectors as columns and positions [atom, 3], both in Bohr. Lists of cells and positions are one batch.

    `template` is a structure file with the elements in i-PI's order, since i-PI sends none. The model
    is periodic if the file says so, by `pbc="T T T"` or a cell, also in i-PI's own form. Otherwise it is
    a molecule in open space, provided its images in i-PI's cell are beyond the range of the model; if they
    are not, `BadStructure` asks for `pbc`. Raises `BadFile`, `UnsupportedElement`, `BadStructure`.
    """

    def __init__(
        self,
        template: str | Path | Structure,
        model: str | Path | Engine,
        threads: int | None = None,
        verbosity: Any = None,  # i-PI's verbosity level
    ) -> None:
        self.engine = engine_of(model, threads=None if threads is None else int(threads))
        self.template = template if isinstance(template, Structure) else read_structures(template, 1)[0]
        self._said = isinstance(template, Structure) or says_periodicity(Path(template), self.template)
        check_species(self.template, self.engine.species, self.engine.model)
        if not gives_virial(self.engine):
            raise UsageError(
                f"{self.engine.model}: engine {self.engine.name} gives no virial, which i-PI needs. Export the "
                f"model by `gaq export` and name the .gaq file."
            )

    def __call__(self, cell: Any, pos: Any) -> Any:
        """Return one answer, or a list of them for lists. Raises `BadStructure`."""
        if isinstance(cell, list):
            return self.answers(cell, pos)
        (answer,) = self.answers([cell], [pos])
        return answer

    def answers(self, cells: Any, positions: Any) -> list[Answer]:
        """Evaluate several cells [3, 3] and positions [atom, 3] in one call of the engine."""
        structures = [self._structure(*pair) for pair in zip(cells, positions, strict=True)]
        return [_in_atomic_units(prediction) for prediction in self.engine.evaluate(structures)]

    def _structure(self, cell: np.ndarray, positions: np.ndarray) -> Structure:
        rest = self.template
        if np.size(positions) != rest.positions.size:
            raise BadStructure(
                f"i-PI has {np.size(positions) // 3} atoms and the template {len(rest)}. Give as template the file "
                f"that i-PI starts from"
            )
        if not self._said:
            self._expect_room(BOHR * np.asarray(cell).reshape(3, 3).T, BOHR * np.reshape(positions, (-1, 3)))
        vectors = np.where(rest.periodic[:, None], BOHR * np.asarray(cell).reshape(3, 3).T, 0.0)
        return Structure(rest.species, BOHR * np.reshape(positions, (-1, 3)), vectors, rest.periodic)

    def _expect_room(self, vectors: np.ndarray, positions: np.ndarray) -> None:
        """Raise `BadStructure` if it matters whether i-PI's cell is periodic."""
        cutoff = self.engine.cutoff
        volume = abs(float(np.linalg.det(vectors)))
        if cutoff is not None and volume > 0:
            normals = np.cross(vectors[[1, 2, 0]], vectors[[2, 0, 1]])
            lengths = np.linalg.norm(normals, axis=1)
            extents = np.ptp(positions @ (normals / lengths[:, None]).T, axis=0)
            if (volume / lengths > extents + cutoff).all():
                return
        raise BadStructure(
            "in the cell of i-PI atoms interact with their images, and the structure file does not say whether it is "
            'periodic. Write pbc="T T T" into its second line if it is, pbc="F F F" if it is a molecule in open space'
        )


def says_periodicity(file: Path, structure: Structure) -> bool:
    """Return whether a structure file specifies periodicity: plain XYZ has neither a cell nor `pbc`."""
    if structure.periodic.any() or is_npz(file):  # an npz holds molecules in open space
        return True
    from ase.io.formats import filetype

    if filetype(str(file)) not in ("xyz", "extxyz"):
        return filetype(str(file)) != "proteindatabank"  # which has a cell or says nothing
    lines = [line for line in read_text(file).split("\n", 20)[:20] if line.strip()]
    return len(lines) > 1 and re.search(r"(?<![^\s])pbc\s*=", lines[1], re.IGNORECASE) is not None


def _in_atomic_units(prediction: Prediction) -> Answer:
    virial = np.zeros((3, 3)) if prediction.virial is None else prediction.virial
    # Averages entries that differ by round-off, as in the ASE calculator.
    symmetric = (virial + virial.T) / (-2 * HARTREE)
    return prediction.energy / HARTREE, prediction.forces * (BOHR / HARTREE), symmetric, ""
