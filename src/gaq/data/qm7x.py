"""Archives like QM7-X: many small molecules, padded to one size with z = 0; eV and eV/Å.

Hoja et al., Sci. Data 8, 43 (2021); PBE0+MBD.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gaq.atoms.checks import check_structure
from gaq.atoms.structure import Labels, Structure
from gaq.data.dataset import Dataset
from gaq.data.labels import check_finite_labels
from gaq.data.npz import ArrayNames, check_shapes, read_arrays
from gaq.data.plausible import check_units
from gaq.errors import BadFile
from gaq.files import sha256_of

NAMES = ArrayNames("a QM7-X archive", "z", "R", "E", "F")


def read_qm7x(path: Path, limit: int | None = None) -> Dataset:
    """Read arrays z [frame, atom] padded with 0, R [frame, atom, 3] in Å, E [frame] in eV, and F like R in eV/Å.

    `limit` takes the first frames. Raises BadFile, BadStructure, BadLabels.
    """
    arrays = read_arrays(path, NAMES.all(), NAMES.kind)
    if arrays["z"].ndim != 2:
        raise BadFile(
            f"{path}: z has shape {arrays['z'].shape}; expected (frames, atoms). A file with one z for all "
            f"frames is of the older MD17 kind, with varying units: convert it to extended XYZ in eV and eV/Å."
        )
    check_shapes(path, arrays, NAMES)
    structures, labels = [], []
    for index in range(len(arrays["z"]))[:limit]:
        real = arrays["z"][index] != 0
        structure = Structure.molecule(arrays["z"][index, real], arrays["R"][index, real])
        check_structure(structure, index, str(path))
        structures.append(structure)
        energy = float(arrays["E"][index].reshape(()))
        labels.append(Labels(energy, arrays["F"][index, real].astype(np.float64)))
    check_finite_labels(labels, str(path))
    check_units(structures, labels, str(path))
    return Dataset(path.stem, tuple(structures), tuple(labels), sha256_of(path))
