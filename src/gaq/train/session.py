"""Whole jobs as functions: load, train, quantize. The command line only parses and calls these."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gaq import __version__
from gaq.atoms.checks import check_species, check_structure
from gaq.atoms.structure import Labels, Structure
from gaq.data.dataset import Dataset
from gaq.files import readable_file
from gaq.model.initialise import initialise_
from gaq.model.transformer import Transformer
from gaq.quant.install import preset
from gaq.quant.recipe import Recipe
from gaq.train.calibrate import N, quantized_copy, shift_reference_
from gaq.train.checkpoint import Checkpoint, as_dtype, load_checkpoint, save_checkpoint
from gaq.train.compiled import compiled_for
from gaq.train.config import TrainConfig
from gaq.train.domain import domain_of
from gaq.train.fit import Task, validate
from gaq.train.frames import prepare, reference_energies
from gaq.train.holdout import hold_out
from gaq.train.parallel import World


def load(path: str | Path) -> Transformer:
    """The force field in a checkpoint, quantizers and all."""
    return load_checkpoint(readable_file(path)).model


def quantize(model: N, recipe: Recipe, calibration: Sequence[Structure] | Dataset | None = None) -> N:
    """A quantized copy of `model` (post-training), its steps calibrated on the given structures. Any network
    with slots will do.

    Raises `UsageError` when the recipe needs structures and there are none, `BadStructure`,
    `UnsupportedElement`.
    """
    if calibration is None:
        return quantized_copy(model, recipe, None)
    structures = calibration.structures if isinstance(calibration, Dataset) else tuple(calibration)
    for index, structure in enumerate(structures):
        check_structure(structure, index)
        check_species(structure, model.species, "the model", index)
    unlabelled = tuple(Labels(0.0, np.zeros((len(s), 3))) for s in structures)
    return quantized_copy(model, recipe, prepare(Dataset("calibration", structures, unlabelled, ""), model.cutoff))


@dataclass(frozen=True)
class Prepared:
    """Where a training begins, and its task."""

    start: Checkpoint
    task: Task


def prepare_training(
    config: TrainConfig,
    dataset: Dataset,
    out: Path,
    *,
    world: World = World(),
    device: str = "cpu",
    compile: bool = False,
) -> Prepared:
    """A fresh float model and its task; the first process writes the split of `dataset` to `out`."""
    train, validation = hold_out(dataset, config, out, world)
    frames = prepare(train, config.model.cutoff)
    species = tuple(sorted({int(z) for s in dataset.structures for z in s.species}))
    model = as_dtype(Transformer(config.model, species), getattr(torch, config.dtype))
    initialise_(model, torch.Generator().manual_seed(config.seed))
    model.set_references(*reference_energies(train))
    if config.repulsion:
        model.repulsion.build_(torch.from_numpy(frames.closest(species)))
    start = Checkpoint(model, preset("fp32"), manifest(config, dataset))
    task = Task(frames, prepare(validation, config.model.cutoff), config, out, world=world, device=device)
    if compile:
        task = replace(task, differentiate=compiled_for(start.recipe))
    return Prepared(start, task)


def finish_training(best: Checkpoint, task: Task) -> Checkpoint:
    """Shifts the reference energies to a mean energy error of zero on the training frames, notes the
    domain and the validation errors, and writes `model.ckpt`. Forces are not touched.
    """
    labels = torch.tensor([label.energy for label in task.frames.dataset.labels], dtype=torch.float64)
    shift_reference_(best.model, task.frames, labels)
    domain = domain_of(best.model, task.frames)
    best.model.domain = domain if best.model.domain is None else best.model.domain.joined(domain)
    energy, force = validate(best.model, task.validation)
    facts = {key: value for key, value in best.manifest.items() if key != "run"}
    facts["validation"] = {
        "energy_mae_mev": energy,
        "force_mae_mev_per_angstrom": force,
        "n": len(task.validation),
        "frames": "calibration" if task.validation.dataset is task.frames.dataset else "held out",
    }
    finished = replace(best, manifest=facts, state={})
    save_checkpoint(task.out / "model.ckpt", finished)
    return finished


def manifest(config: TrainConfig, dataset: Dataset) -> dict[str, Any]:
    """Where a model came from: data and its hash, the resolved configuration, versions.

    Of the data file only the name is kept: its folder means nothing on another machine.
    """
    named = config.data.model_copy(update={"file": Path(config.data.file).name})
    config = config.model_copy(update={"data": named})
    return {
        "data": {"name": dataset.name, "sha256": dataset.sha256, "frames": len(dataset)},
        "config": config.model_dump(mode="json"),
        "versions": {"gaq": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }
