"""Read any data file: detect its format from its contents."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from gaq.atoms.from_ase import from_ase
from gaq.atoms.structure import Structure
from gaq.data.dataset import Dataset
from gaq.data.extxyz import read_extxyz, read_frames
from gaq.data.labelled_npz import read_labelled_npz
from gaq.data.npz import npz_keys
from gaq.data.qm7x import read_qm7x
from gaq.data.rmd17 import read_rmd17, rmd17_name
from gaq.errors import BadFile, UsageError
from gaq.files import readable_file
from gaq.formats.arrays import is_archive

# The arrays that identify a kind of npz, and its reader.
NPZ_KINDS = (
    (("nuclear_charges", "coords", "energies", "forces"), read_rmd17),
    (("species", "positions", "energies", "forces", "units"), read_labelled_npz),
    (("z", "R", "E", "F"), read_qm7x),
)
EMBEDDED = "embedded"


def embedded_file() -> Path:
    """Return the embedded data set: conformations of ethanol at 500 K, labelled with GFN2-xTB."""
    return Path(str(files("gaq.data") / EMBEDDED / "ethanol-gfn2-xtb.npz"))


def read_dataset(path: str | Path, limit: int | None = None, energies_only: bool = False, labels: str = "") -> Dataset:
    """Return structures with reference energies (eV) and forces (eV/Å) from any labelled file.

    Supported are npz files of rMD17, QM7-X and `gaq data label`, and formats that ASE reads, such as extended XYZ.
    The word `embedded` names the data set that comes with gaq. `limit` takes the first
    frames; `energies_only` accepts frames without forces, which become NaN (`labels.has_forces`); `labels` chooses the
    family of names if a file has several (`keys.choose_keys`). Raises BadFile, BadStructure, BadLabels,
    UsageError.
    """
    file = _find(path, limit)
    if not is_npz(file):
        return read_extxyz(file, limit, energies_only, labels)
    if labels:
        raise UsageError(f"labels {labels!r}: an npz such as {file} has one set of labels. Leave the choice out.")
    keys = npz_keys(file)
    for needed, reader in NPZ_KINDS:
        if set(needed) <= set(keys):
            return reader(file, limit)
    expected = "; or ".join(", ".join(needed) for needed, _ in NPZ_KINDS)
    raise BadFile(f"{file} has the arrays {', '.join(keys) or '(none)'}; expected {expected}.")


def with_more(dataset: Dataset, files: Sequence[str | Path]) -> Dataset:
    """Return the frames and after them those of other files, which are for training alone.

    Raises what `read_dataset` raises.
    """
    for file in files:
        dataset = dataset.with_more(read_dataset(file))
    return dataset


def read_structures(path: str | Path, limit: int | None = None) -> tuple[Structure, ...]:
    """Return the structures of an npz, or of a file in any format that ASE reads, without labels.

    Raises BadFile, BadStructure, UsageError; for an npz BadLabels too.
    """
    file = _find(path, limit)
    if is_npz(file):
        return read_dataset(file, limit).structures
    return tuple(from_ase(atoms, index, str(file)) for index, atoms in enumerate(read_frames(file, limit)))


def data_name(path: str | Path) -> str:
    """Return what rows call the frames of a file, as `read_dataset` does. Raises BadFile, UsageError."""
    file = _find(path, None)
    return rmd17_name(file) if is_npz(file) and set(NPZ_KINDS[0][0]) <= set(npz_keys(file)) else file.stem


def _find(path: str | Path, limit: int | None) -> Path:
    if limit is not None and limit < 1:
        raise UsageError(f"`limit` {limit}: expected 1 or more frames.")
    if str(path) == EMBEDDED and not Path(path).exists():
        return embedded_file()
    return readable_file(path)


def is_npz(path: Path) -> bool:
    """Return whether the file is a NumPy archive, by its first bytes."""
    return is_archive(path)
