"""Whole jobs as functions: load, train, quantize. The command line only parses and calls these."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gaq.atoms.checks import check_species, check_structure
from gaq.atoms.elements import SYMBOLS
from gaq.atoms.structure import Labels, Structure
from gaq.data.dataset import Dataset
from gaq.data.labels import has_stress, label_counts
from gaq.data.states import check_states, describe
from gaq.files import readable_file
from gaq.model.architectures import architecture_named
from gaq.model.layered import Layered
from gaq.quant.install import preset
from gaq.quant.recipe import Recipe
from gaq.train.begin import begun, check_parent
from gaq.train.calibrate import N, quantized_copy, reference_targets, shift_reference_
from gaq.train.checkpoint import Checkpoint, as_dtype, load_checkpoint, save_checkpoint
from gaq.train.compiled import compiled_for
from gaq.train.config import TrainConfig
from gaq.train.domain import domain_of
from gaq.train.fit import Task
from gaq.train.frames import TrainFrames, isolated_energies, prepare, reference_energies
from gaq.train.holdout import hold_out
from gaq.train.parallel import World
from gaq.train.validation import validate
from gaq.version import __version__


def load(path: str | Path) -> Layered:
    """Return the force field in a checkpoint, quantizers and all."""
    return load_checkpoint(readable_file(path)).model


def quantize(model: N, recipe: Recipe, calibration: Sequence[Structure] | Dataset | None = None) -> N:
    """Return a quantized copy of `model` (post-training), its steps calibrated on the given structures. Any network
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
    remarks: tuple[str, ...] = ()  # sentences about the data that a user should read


def prepare_training(
    config: TrainConfig,
    dataset: Dataset,
    out: Path,
    *,
    parent: Checkpoint | None = None,
    world: World = World(),
    device: str = "cpu",
    compile: bool = False,
) -> Prepared:
    """Return a fresh float model and its task; the first process writes the split of `dataset` to `out`.

    With a `parent` training begins with its weights, and `config` must have its network. Raises `UsageError` where it
    has another one, is quantized, or lacks an element of the data.
    """
    if parent is not None:
        check_parent(config, parent, dataset)
    check_states(dataset.structures, dataset.states, dataset.name, config.data.ignore)
    held = hold_out(dataset, config, out, world)
    frames = prepare(held.train, config.model.cutoff)
    species = tuple(sorted({int(z) for s in held.train.structures for z in s.species}))
    model = _fresh(config, held.train, frames, species) if parent is None else begun(config, parent, frames)
    start = Checkpoint(model, preset("fp32"), manifest(config, dataset))
    task = Task(frames, prepare(held.validation, config.model.cutoff), config, out, world=world, device=device)
    if compile:
        task = replace(task, differentiate=compiled_for(start.recipe))
    return Prepared(start, task, (*training_remarks(held.train, config), *held.remarks))


def _fresh(config: TrainConfig, train: Dataset, frames: TrainFrames, species: tuple[int, ...]) -> Layered:
    architecture = architecture_named(config.model.architecture)
    model: Layered = as_dtype(architecture.build(config.model, species), getattr(torch, config.dtype))
    architecture.initialise_(model, torch.Generator().manual_seed(config.seed))
    model.set_references(*reference_energies(train, config.model.cutoff))
    if config.repulsion:
        model.repulsion.build_(torch.from_numpy(frames.closest(species)))
    return model


def finish_training(best: Checkpoint, task: Task, *, shift_references: bool = True) -> Checkpoint:
    """Shift the reference energies to a mean energy error of zero on the training frames, note the domain and the
    validation errors, and write `model.ckpt`.

    Isolated atoms and frames whose energy has no weight do not move the references (`calibrate.shift_reference_`).
    Forces are not touched. `shift_references=False` leaves references and domain as they are: after post-training
    quantization they are those of the parent, and the labels of the calibration frames may be of another method.
    """
    if shift_references:
        target, weights = reference_targets(task.frames)
        shift_reference_(best.model, task.frames, target, weights)
        domain = domain_of(best.model, task.frames)
        best.model.domain = domain if best.model.domain is None else best.model.domain.joined(domain)
    errors = validate(best.model, task.validation)
    facts = {key: value for key, value in best.manifest.items() if key != "run"}
    facts["validation"] = errors.facts() | {
        "n": len(task.validation),
        "frames": "calibration" if task.validation.dataset is task.frames.dataset else "held out",
    }
    finished = replace(best, manifest=facts, state={})
    save_checkpoint(task.out / "model.ckpt", finished)
    return finished


def training_remarks(train: Dataset, config: TrainConfig) -> tuple[str, ...]:
    """Return sentences about what training uses of the labels, and what the network cannot see."""
    lines = [*train.remarks, *label_counts(train.labels), *describe(train.states)]
    free = isolated_energies(train, config.model.cutoff)
    if free:
        lines.append(f"energies of free atoms from isolated atoms: {', '.join(SYMBOLS[z] for z in sorted(free))}")
    if config.loss.stress == 0 and any(has_stress(label) for label in train.labels):
        lines.append("stresses are there and not trained on: loss.stress is 0")
    return tuple(lines)


def manifest(config: TrainConfig, dataset: Dataset) -> dict[str, Any]:
    """Return where a model came from: data and its hash, the resolved configuration, versions.

    Of the data files only the names are kept: their folders mean nothing on another machine.
    """
    more = tuple(Path(name).name for name in config.data.more)
    named = config.data.model_copy(update={"file": Path(config.data.file).name, "more": more})
    config = config.model_copy(update={"data": named})
    return {
        "data": {"name": dataset.name, "sha256": dataset.sha256, "frames": len(dataset)} | _states(dataset),
        "config": config.model_dump(mode="json"),
        "versions": {"gaq": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }


def _states(dataset: Dataset) -> dict[str, Any]:
    """Return what the file says of charge, spin and field, for who reads the model; nothing where it does not say."""
    said = describe(dataset.states)
    return {"states": said} if said else {}
