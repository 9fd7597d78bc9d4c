"""Models of `gaq bench`: packed bytes for the native engine, and a checkpoint for PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gaq.errors import RecipeError, UsageError
from gaq.files import readable_file

NetworkKey = tuple[object, ...]  # equal for models that differ only in their quantizers


@dataclass(frozen=True)
class BenchModel:
    """A model of the run."""

    name: str
    recipe: str
    network: NetworkKey
    content: bytes | None  # of the packed file; None for a checkpoint that cannot be packed
    reason: str  # why it cannot be packed
    packed: Path | None
    checkpoint: Path | None

    @property
    def file(self) -> Path:
        """Return the file as named by the user."""
        found = self.packed or self.checkpoint
        assert found is not None
        return found


def open_models(
    names: Sequence[str], torch: bool = True, control: Path | None = None, frames: str | None = None
) -> list[BenchModel]:
    """Return the models; checkpoints are packed in memory. Raises `BadFile`, `UsageError`.

    With `torch`, the checkpoint of a packed file is in `control` or in the .ckpt file next to it.
    `frames` is a file of structures to take golden frames from.
    """
    from gaq.engine.open import is_packed

    opened = []
    for name in dict.fromkeys(names):
        file = readable_file(name)
        opened.append(_packed_model(file, torch, control) if is_packed(file) else _checkpoint(file, frames))
    if len({model.name for model in opened}) < len(opened):
        opened = [replace(model, name=str(model.packed or model.checkpoint)) for model in opened]
    return opened


def _packed_model(file: Path, torch: bool, control: Path | None) -> BenchModel:
    from gaq.pack.format import from_bytes

    content = file.read_bytes()
    packed = from_bytes(content, file.name)
    network = (packed.config, packed.species)
    beside = control or file.with_suffix(".ckpt")
    checkpoint = beside if torch and (control is not None or beside.is_file()) else None
    if checkpoint is not None and _network_of(checkpoint) != network:
        raise UsageError(f"{checkpoint} is not the network of {file}: sizes or elements differ")
    return BenchModel(file.name, packed.recipe_name, network, content, "", file, checkpoint)


def _checkpoint(file: Path, frames: str | None) -> BenchModel:
    from gaq.cli.packing import packed_checkpoint
    from gaq.pack.format import to_bytes
    from gaq.train.checkpoint import load_checkpoint

    held = load_checkpoint(file)
    content, reason = None, ""
    try:
        content = to_bytes(packed_checkpoint(file, frames))
    except RecipeError as error:
        reason = str(error)
    return BenchModel(file.name, held.recipe.name, _network_of(file), content, reason, None, file)


def _network_of(checkpoint: Path) -> NetworkKey:
    from gaq.model.architectures import architecture_of
    from gaq.model.layouts import LAYOUTS
    from gaq.train.checkpoint import load_checkpoint

    model = load_checkpoint(readable_file(checkpoint)).model
    packed = architecture_of(model).packed
    if packed is None:
        return (model.config.model_dump_json(), model.species)
    return (LAYOUTS[model.config.architecture].numbers_from(packed(model).config, checkpoint.name), model.species)
