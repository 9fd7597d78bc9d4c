"""The functions that make and write models, behind `gaq.train`, `gaq.quantize`, `gaq.save` and `gaq.export`.

Importing this module does not import PyTorch; each function says how to install it where it is missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

from gaq.engine.protocol import Model
from gaq.errors import UsageError
from gaq.extras import expect_torch

if TYPE_CHECKING:
    from gaq.atoms.structure import Structure
    from gaq.data.dataset import Dataset
    from gaq.quant.recipe import Recipe
    from gaq.train.calibrate import N
    from gaq.train.config import TrainConfig
    from gaq.train.fit import TrainProgress

RUN = ("model.ckpt", "last.ckpt", "curve.jsonl")


def train(
    data: str | Path | Dataset,
    out: str | Path,
    *,
    config: str | Path | TrainConfig | None = None,
    settings: Mapping[str, object] | None = None,
    device: str = "cpu",
    resume: bool = False,
    on_progress: Callable[[TrainProgress], None] = lambda progress: None,
) -> Model:
    """Train a float force field on labelled frames, write it to `out`/model.ckpt and return it, as `gaq train` does.

    Without `config`, a TOML file or the name of a shipped one, size, split and length are chosen from the data.
    `settings` change single values, such as {"epochs": 60, "model.channels": 32}. `resume` continues a stopped run bit
    for bit. Raises `UsageError` for a folder that holds an earlier run, `BadFile`, `BadLabels`, `ConfigError`,
    `Diverged`, `NotAvailable`.
    """
    expect_torch()
    from gaq.data.read import read_dataset, with_more
    from gaq.engine.checkpoint import CheckpointModel
    from gaq.engine.open import check_device
    from gaq.files import writable_folder
    from gaq.locks import locked
    from gaq.train.fit import fit
    from gaq.train.interrupt import graceful_interrupt
    from gaq.train.session import finish_training, prepare_training

    check_device(device)
    asked = _settings(config, settings or {})
    file = str(data) if isinstance(data, str | Path) else ""
    dataset = data if not isinstance(data, str | Path) else read_dataset(data, labels=asked.data.labels)
    dataset = with_more(dataset, asked.data.more)
    chosen = _for_data(asked, config is None, dataset, file)
    folder = writable_folder(Path(out))
    with locked(folder):
        _expect_no_run(folder, resume)
        prepared = prepare_training(chosen, dataset, folder, device=device)
        with graceful_interrupt() as interrupt:
            best = fit(prepared.start, prepared.task, resume=resume, interrupt=interrupt, show=on_progress)
        finished = finish_training(best, prepared.task)
    return CheckpointModel(finished, "model.ckpt", device=device)


@overload
def quantize(
    model: Model, recipe: Recipe | str | None = None, calibration: Sequence[Structure] | Dataset | None = None
) -> Model: ...


@overload
def quantize(
    model: N, recipe: Recipe | str | None = None, calibration: Sequence[Structure] | Dataset | None = None
) -> N: ...


def quantize(
    model: Model | N,
    recipe: Recipe | str | None = None,
    calibration: Sequence[Structure] | Dataset | None = None,
) -> Model | N:
    """Return a quantized copy of a float model, or of any network with slots, without training it (PTQ).

    `recipe` is one of `gaq.presets` or its name, by default the recommended one; its scales are calibrated on the
    given structures. Weights of four bits lose accuracy that only training brings back: `gaq quantize --data`. Raises
    `UsageError` for a packed or a quantized model, and where the recipe needs structures and there are none,
    `RecipeError`, `BadStructure`, `UnsupportedElement`, `NotAvailable`.
    """
    expect_torch()
    from gaq.engine.checkpoint import CheckpointModel
    from gaq.engine.native import NativeEngine
    from gaq.quant.install import preset
    from gaq.quant.recommended import RECOMMENDED
    from gaq.train.checkpoint import Checkpoint
    from gaq.train.quantization import float_parent
    from gaq.train.session import quantize as quantize_network

    recipe = RECOMMENDED if recipe is None else recipe
    chosen = preset(recipe) if isinstance(recipe, str) else recipe
    if isinstance(model, NativeEngine):
        raise _packed_already(model.model, "quantized")
    if not isinstance(model, CheckpointModel):
        network: N = model  # type: ignore[assignment]
        return quantize_network(network, chosen, calibration)
    parent = float_parent(model.checkpoint)
    made = quantize_network(parent.model, chosen, calibration)
    checkpoint = Checkpoint(made, chosen, {"parent": parent.manifest})
    return CheckpointModel(checkpoint, model.model, device=model.device, strict=model.strict)


def save(model: Model, path: str | Path, *, overwrite: bool = False) -> None:
    """Write the file that `gaq.load` reads back as the same model: a checkpoint, or a packed file if it came from one.

    Raises `BadFile`, also where the file exists, unless `overwrite` is true.
    """
    _expect_new(path, overwrite)
    model.save(path)


def export(
    model: Model,
    path: str | Path,
    frames: Sequence[Structure] = (),
    *,
    backward_bits: int | None = None,
    overwrite: bool = False,
) -> None:
    """Write a packed file, which runs without PyTorch, as `gaq export` does.

    It carries three structures with their energies and forces by which a machine can test itself: some of `frames`,
    or else small molecules of the model's elements. `backward_bits` (8, 16, or 32 for float) is the precision of the
    backward pass, by default chosen by the recipe. Raises `RecipeError` for what a packed file has no place for,
    `UsageError`, `NotAvailable`, and `BadFile`, also where the file exists, unless `overwrite` is true.
    """
    from gaq.engine.native import NativeEngine

    _expect_new(path, overwrite)
    if isinstance(model, NativeEngine):
        raise _packed_already(model.model, "exported")
    expect_torch()
    from gaq.deploy import digest_of, packed_model
    from gaq.engine.checkpoint import CheckpointModel
    from gaq.engine.packed_file import write_checked

    if not isinstance(model, CheckpointModel):
        raise UsageError(
            f"{type(model).__name__} cannot be exported. Give a model of gaq.load, gaq.train or gaq.quantize."
        )
    checkpoint = model.checkpoint
    packed = packed_model(checkpoint, model.model, digest_of(checkpoint), frames, backward_bits=backward_bits)
    write_checked(path, packed)


def _settings(config: str | Path | TrainConfig | None, settings: Mapping[str, object]) -> TrainConfig:
    """The configuration with single values changed, before anything is chosen from the data."""
    from gaq.config import checked, load
    from gaq.train.config import TrainConfig, find_config

    overrides = [f"{key}={json.dumps(value)}" for key, value in settings.items()]
    if config is None:
        return checked({}, TrainConfig, overrides)
    if isinstance(config, TrainConfig):
        return checked(config.model_dump(mode="json", exclude_unset=True), TrainConfig, overrides)
    return load(find_config(config), TrainConfig, overrides)


def _for_data(asked: TrainConfig, suggest: bool, dataset: Dataset, file: str) -> TrainConfig:
    from gaq.train.suggested import suggested_config

    named = asked.model_copy(update={"data": asked.data.model_copy(update={"file": file})})
    return suggested_config(dataset, named) if suggest else named


def _expect_no_run(folder: Path, resume: bool) -> None:
    found = [folder / name for name in RUN if (folder / name).exists()]
    if found and not resume:
        raise UsageError(f"{found[0]} exists: {folder} holds an earlier run. Choose another folder, or resume=True.")


def _expect_new(path: str | Path, overwrite: bool) -> None:
    from gaq.claims import AlreadyThere, FileKind, claim, never

    try:
        claim(path, FileKind("", never), overwrite=overwrite)
    except AlreadyThere as error:
        raise AlreadyThere(f"{error} Choose another name, or replace it with overwrite=True.") from None


def _packed_already(model: str, done: str) -> UsageError:
    return UsageError(f"{model} is a packed model and cannot be {done}. Load the checkpoint that it was exported from.")
