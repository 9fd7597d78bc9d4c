"""From a file of another program's arrays to a checkpoint of gaq."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaq.atoms.elements import SYMBOLS
from gaq.errors import BadFile, UsageError
from gaq.files import readable_file, sha256_of
from gaq.formats.container import Container, read_container
from gaq.formats.texts import read_json
from gaq.formats.yaml_text import read_yaml
from gaq.model.foreign import ELEMENTS, Foreign
from gaq.model.foreigners import foreign_named, foreign_of
from gaq.quant.install import preset
from gaq.train.checkpoint import FORMAT, Checkpoint

# Files of settings, as other programs call them; the first that is beside the arrays is read.
SETTINGS = ("hyperparameters.json", "config.json", "config.yaml")
WAY_OUT = "Settings are what the other program wrote beside its weights; copy them again."
PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


@dataclass(frozen=True, eq=False)
class Imported:
    """A checkpoint, what it was made from, and sentences on what the file does not say."""

    checkpoint: Checkpoint
    foreign: Foreign
    settings: Path | None
    remarks: tuple[str, ...]


def import_arrays(path: Path, architecture: str | None = None, elements: Sequence[int] = ()) -> Imported:
    """Return the network in a safetensors file of another program, as a float checkpoint.

    Its settings are read from a file beside it, if there is one of those in `SETTINGS`. `architecture` is one of gaq;
    without, the arrays say which it is. `elements` are the atomic numbers to keep, where the network has rows for
    elements that it was not trained on. Raises `BadFile`, and `UsageError` for an unknown architecture.
    """
    file = read_foreign(path)
    shapes = {name: array.shape for name, array in file.tensors.items()}
    if not shapes:
        raise BadFile(f"{path} holds no arrays.")
    foreign = foreign_of(shapes, str(path)) if architecture is None else foreign_named(architecture, shapes)
    beside = settings_beside(path)
    settings = {} if beside is None else _read_settings(beside)
    asked = settings | ({ELEMENTS: tuple(elements)} if elements else {})
    try:
        model = foreign.read(file.tensors, asked)
    except BadFile as error:
        raise BadFile(f"{path} cannot be imported as {foreign.name}: {error}") from None
    if elements and set(model.species) != set(elements):
        raise UsageError(
            f"`elements`: {path} says itself which elements it knows ({', '.join(SYMBOLS[z] for z in model.species)})."
        )
    manifest = {
        "imported": {
            "from": foreign.name,
            "file": path.name,
            "sha256": sha256_of(path),
            "settings": None if beside is None else beside.name,
        }
    }
    return Imported(Checkpoint(model, preset("fp32"), manifest), foreign, beside, foreign.remarks(file.tensors, asked))


def settings_beside(path: Path) -> Path | None:
    """Return the file of settings beside the arrays, or none."""
    return next((file for name in SETTINGS if (file := path.parent / name).is_file()), None)


def read_foreign(path: Path) -> Container:
    """Return the arrays of a file. Raises `BadFile` for a pickle, with the way to arrays, and for a file of gaq."""
    with readable_file(path).open("rb") as stream:
        head = stream.read(9)
    if any(head.startswith(start) for start in PICKLES):
        raise BadFile(
            f"{path} is a pickle, as torch.save writes it. Loading one can run code, so gaq reads arrays only: where "
            "the network was made, write model.state_dict() with safetensors.torch.save_file."
        )
    if len(head) == 9 and not head.endswith(b"{"):
        raise BadFile(f"{path} does not begin as a safetensors file. Write the arrays of the network to one.")
    file = read_container(path)
    if file.metadata.get("format") in (FORMAT, "gaq-packed"):
        raise BadFile(f"{path} is a model of gaq already. Use it as it is.")
    return file


def _read_settings(file: Path) -> dict[str, Any]:
    value = read_yaml(file, WAY_OUT) if file.suffix == ".yaml" else read_json(file, WAY_OUT)
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise BadFile(f"{file}: settings are a {type(value).__name__}; expected an object with names. {WAY_OUT}")
    return value
