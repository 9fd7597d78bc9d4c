"""What models said of labelled frames, kept for parity plots: one file for all models of a comparison."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaq.atoms.structure import Labels, Prediction
from gaq.errors import BadFile
from gaq.files import readable_file, write_atomically

KIND = "gaq predictions"
LONGEST_KIND = 4096  # bytes of the member that tells the kind
MOST_BYTES = 4 << 30  # of the arrays of one file
READING = (KeyError, ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error, AttributeError)
KEPT_ENDING = ".predictions.npz"
ABOUT = ("model", "recipe", "engine", "data")
ARRAYS = ("atoms", "energy", "energy_found", "forces", "forces_found")


@dataclass(frozen=True, eq=False)
class Predictions:
    """One model on one data set: energies in eV, force components in eV/Å."""

    model: str
    recipe: str
    engine: str
    data: str
    atoms: np.ndarray  # [frame] how many
    energy: np.ndarray  # [frame] of the labels
    energy_found: np.ndarray  # [frame] by the model
    forces: np.ndarray  # [component] of the labels
    forces_found: np.ndarray  # [component] by the model


def predictions(about: tuple[str, str, str, str], labels: Sequence[Labels], found: Sequence[Prediction]) -> Predictions:
    """Labels and predictions of the same frames side by side; `about` is model, recipe, engine, data."""
    return Predictions(
        *about,
        np.array([len(label.forces) for label in labels]),
        np.array([label.energy for label in labels]),
        np.array([one.energy for one in found]),
        np.concatenate([np.asarray(label.forces, dtype=np.float32).ravel() for label in labels]),
        np.concatenate([np.asarray(one.forces, dtype=np.float32).ravel() for one in found]),
    )


def predictions_beside(model: str | Path) -> Path:
    """The file of predictions that `gaq evaluate` keeps beside a model: `model.predictions.npz` beside `model.ckpt`."""
    path = Path(model)
    return path.with_name(path.stem + KEPT_ENDING)


def write_predictions(path: Path, kept: Sequence[Predictions]) -> None:
    """A compressed npz; forces with the seven digits of float32, labels that models share once."""
    arrays: dict[str, Any] = {"kind": np.array(KIND)}
    places: dict[bytes, str] = {}
    models = []
    for one in kept:
        entry: dict[str, str] = {name: getattr(one, name) for name in ABOUT}
        for name in ARRAYS:
            values = np.asarray(getattr(one, name))
            key = values.dtype.str.encode() + values.tobytes()
            if key not in places:
                places[key] = f"array.{len(places)}"
                arrays[places[key]] = values
            entry[name] = places[key]
        models.append(entry)
    arrays["models"] = np.array(json.dumps(models))

    def write(temporary: Path) -> None:
        with open(temporary, "wb") as stream:
            np.savez_compressed(stream, **arrays)

    write_atomically(path, write)


def holds_predictions(path: Path) -> bool:
    """Whether a file is one of `write_predictions`; a look at its first member, without reading the rest."""
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as archive:
            if "kind" not in archive.files or archive.zip.getinfo("kind.npy").file_size > LONGEST_KIND:
                return False
            return str(archive["kind"]) == KIND
    except (*READING, MemoryError, RuntimeError):
        return False


def read_predictions(path: Path) -> list[Predictions]:
    """What `write_predictions` wrote. Raises `BadFile`."""
    try:
        _check_sizes(readable_file(path))
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as archive:
            if str(archive["kind"]) != KIND:
                raise ValueError(f"it is a {str(archive['kind'])!r}")
            held = {name: archive[name] for name in archive.files}
        found = [_model(entry, held) for entry in json.loads(str(held["models"]))]
    except (*READING, MemoryError, RuntimeError) as error:
        raise BadFile(
            f"{path} holds no predictions of gaq ({error}). Expected a file of `gaq evaluate --predictions`."
        ) from error
    return found


def _check_sizes(path: Path) -> None:
    """Raises `ValueError` for an archive whose arrays are larger than it can hold."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > MOST_BYTES:
            raise ValueError(f"its arrays have more than {MOST_BYTES:,} bytes")
        for member in members:
            with archive.open(member) as stream:
                version = np.lib.format.read_magic(stream)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, _, kind = read(stream)
                if math.prod(shape) * kind.itemsize > member.file_size or any(n < 0 for n in shape):
                    raise ValueError(f"{member.filename} says that its shape is {str(shape)[:60]}, and is too short")


def _model(entry: dict[str, str], held: dict[str, np.ndarray]) -> Predictions:
    model, recipe, engine, data = (str(entry[name]) for name in ABOUT)
    atoms, *values = (held[entry[name]] for name in ARRAYS)
    energy, energy_found, forces, forces_found = values
    if not len(atoms) == len(energy) == len(energy_found) or len(forces) != len(forces_found):
        raise ValueError("lengths of its arrays differ")
    return Predictions(model, recipe, engine, data, atoms, energy, energy_found, forces, forces_found)
