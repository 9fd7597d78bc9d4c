"""The official files of the revised MD17 (rMD17): one molecule per file, kcal/mol and kcal/mol/Å.

Christensen and von Lilienfeld, Mach. Learn.: Sci. Technol. 1, 045018 (2020); PBE/def2-SVP.
"""

from __future__ import annotations

import re
from pathlib import Path

from gaq.data.dataset import Dataset
from gaq.data.npz import ArrayNames, conformations, npz_keys, read_arrays
from gaq.data.plausible import check_units
from gaq.errors import UsageError
from gaq.files import sha256_of
from gaq.units import KCAL_PER_MOL

NAMES = ArrayNames("rMD17", "nuclear_charges", "coords", "energies", "forces")
MOST_TRAINING_FRAMES = 1000
_OFFICIAL = re.compile(r"rmd17_(?P<molecule>[a-z]+)(?:_(?P<part>train|test)_(?P<split>\d\d))?")


def read_rmd17(path: Path, limit: int | None = None) -> Dataset:
    """Return an rMD17 file in eV and eV/Å; the arrays `old_*` and any others are ignored.

    Its name is `rmd17/azobenzene/train_01` after the official file name. For another file name it is `rmd17/`
    and that name if the array `old_indices` identifies the data set, otherwise the file name alone. `limit` takes the
    first frames. Raises BadFile, BadStructure, BadLabels.
    """
    arrays = read_arrays(path, NAMES.all(), NAMES.kind)
    structures, labels = conformations(path, arrays, NAMES, KCAL_PER_MOL, limit)
    check_units(structures, labels, str(path), unit="kcal/mol")
    return Dataset(rmd17_name(path), structures, labels, sha256_of(path))


def check_training_size(name: str, frames: int) -> None:
    """Refuse more than 1,000 training frames of an rMD17 set. Raises UsageError."""
    if name.startswith("rmd17/") and frames > MOST_TRAINING_FRAMES:
        raise UsageError(
            f"{frames} training frames of {name}: its authors warn 'DO NOT train a model on more than 1000 "
            f"samples from this dataset', because frames of one trajectory are not independent. "
            f"Take {MOST_TRAINING_FRAMES} or fewer."
        )


def rmd17_name(path: Path) -> str:
    """Return the name of the data set in a file: `rmd17/azobenzene/train_01`."""
    official = _OFFICIAL.fullmatch(path.stem)
    if official is None:
        return f"rmd17/{path.stem}" if "old_indices" in npz_keys(path) else path.stem
    if official["part"] is None:
        return f"rmd17/{official['molecule']}"
    return f"rmd17/{official['molecule']}/{official['part']}_{official['split']}"
