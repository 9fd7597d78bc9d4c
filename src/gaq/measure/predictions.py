"""What models said of labelled frames, kept for parity plots: one file for all models of a comparison."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaq.atoms.structure import Labels, Prediction
from gaq.errors import BadFile
from gaq.files import write_atomically
from gaq.formats.arrays import is_archive, read_arrays
from gaq.formats.texts import shown, strict_json

KIND = "gaq predictions"
WAY_OUT = "Expected a file of predictions, as `gaq evaluate` writes them."
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
    """Return labels and predictions of the same frames side by side; `about` is model, recipe, engine, data."""
    return Predictions(
        *about,
        np.array([len(label.forces) for label in labels]),
        np.array([label.energy for label in labels]),
        np.array([one.energy for one in found]),
        np.concatenate([np.asarray(label.forces, dtype=np.float32).ravel() for label in labels]),
        np.concatenate([np.asarray(one.forces, dtype=np.float32).ravel() for one in found]),
    )


def predictions_beside(model: str | Path) -> Path:
    """Return the file of predictions that `gaq evaluate` keeps beside a model: `model.predictions.npz` beside
    `model.ckpt`.
    """
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
    """Return whether a file is one of `write_predictions`; a look at its first member, without reading the rest."""
    try:
        return is_archive(path) and str(read_arrays(path, WAY_OUT, ["kind"]).get("kind")) == KIND
    except BadFile:
        return False


def read_predictions(path: Path) -> list[Predictions]:
    """Return what `write_predictions` wrote. Raises `BadFile`."""
    held = read_arrays(path, WAY_OUT)
    try:
        if str(held["kind"]) != KIND:
            raise ValueError(f"it is a {shown(str(held['kind']))}")
        entries = strict_json(str(held["models"]), f"{path}: the list of models", WAY_OUT)
        found = [_model(entry, held) for entry in entries]
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadFile(f"{path} holds no predictions of gaq ({shown(str(error), 200)}). {WAY_OUT}") from None
    return found


def _model(entry: dict[str, str], held: dict[str, np.ndarray]) -> Predictions:
    model, recipe, engine, data = (str(entry[name]) for name in ABOUT)
    atoms, *values = (held[entry[name]] for name in ARRAYS)
    energy, energy_found, forces, forces_found = values
    if any(array.ndim != 1 or array.dtype.kind not in "iuf" for array in (atoms, *values)):
        raise ValueError("its arrays are not lists of numbers")
    if not len(atoms) == len(energy) == len(energy_found) or len(forces) != len(forces_found):
        raise ValueError("lengths of its arrays differ")
    return Predictions(model, recipe, engine, data, atoms, energy, energy_found, forces, forces_found)
