"""Whole jobs as functions: load, train, quantize. The command line only parses and calls these."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError

from gaq import __version__
from gaq.atoms.checks import check_species, check_structure
from gaq.atoms.structure import Labels, Structure
from gaq.data.dataset import Dataset
from gaq.data.splits import Split, make_split, read_split, write_split
from gaq.errors import BadFile, UsageError
from gaq.files import readable_file
from gaq.model.initialise import initialise_
from gaq.model.transformer import Transformer
from gaq.quant.install import preset
from gaq.quant.recipe import Recipe
from gaq.train.calibrate import quantized_copy, shift_reference_
from gaq.train.checkpoint import Checkpoint, as_dtype, load_checkpoint, save_checkpoint
from gaq.train.config import TrainConfig
from gaq.train.fit import Progress, Task, fit, validate
from gaq.train.frames import Frames, prepare, reference_energies
from gaq.train.interrupt import Interrupt
from gaq.train.parallel import World
from gaq.train.teacher import Teacher

CALIBRATION_FRAMES = 100
# Decay of the averaged weights in quantization-aware training. An average over many steps lies off the grid on which each of
# them was good: with 0.999, as in float training, W4A8 of ethanol ends 16 % worse than its own last step.
QUANTIZED_MEMORY = 0.98


def load(path: str | Path) -> Transformer:
    """The force field in a checkpoint, quantizers and all."""
    return load_checkpoint(readable_file(path)).model


def quantize(
    model: Transformer, recipe: Recipe, calibration: Sequence[Structure] | Dataset | None = None
) -> Transformer:
    """A quantized copy of `model` (post-training), its steps calibrated on the given structures.

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
    return quantized_copy(
        model, recipe, prepare(Dataset("calibration", structures, unlabelled, ""), model.cutoff)
    )


@dataclass(frozen=True)
class Prepared:
    """Where a training begins, and its task."""

    start: Checkpoint
    task: Task


def prepare_training(
    config: TrainConfig, dataset: Dataset, out: Path, *, world: World = World(), device: str = "cpu"
) -> Prepared:
    """A fresh float model and its task; the first process writes the split of `dataset` to `out`."""
    train, validation = _split(dataset, config, out, world)
    frames = prepare(train, config.model.cutoff)
    species = tuple(sorted({int(z) for s in dataset.structures for z in s.species}))
    model = as_dtype(Transformer(config.model, species), getattr(torch, config.dtype))
    initialise_(model, torch.Generator().manual_seed(config.seed))
    model.set_references(*reference_energies(train))
    start = Checkpoint(model, preset("fp32"), manifest(config, dataset))
    return Prepared(
        start, Task(frames, prepare(validation, config.model.cutoff), config, out, world=world, device=device)
    )


@dataclass(frozen=True)
class QuantizationPlan:
    """A recipe and how it is trained; no epochs is post-training quantization."""

    recipe: Recipe
    epochs: int = 0
    lr: float = 1e-3
    batch: int = 10
    seed: int = 0
    distill: float = 0.0
    noise: float = 0.03
    symmetry: float = 0.0

    def config(self, parent: Checkpoint, frames: int) -> TrainConfig:
        """The training configuration: the parent's, with this plan's numbers.

        Of a data set of the parent's size the same frames are held out; of any other one a twentieth, at
        most 50.
        """
        origin = _origin(parent)
        sizes = origin.data
        if frames <= sizes.validation or sizes.train not in (None, frames - sizes.validation):
            held = min(50, max(1, frames // 20))
            sizes = sizes.model_copy(update={"train": None, "validation": held})
        rates = origin.optimizer.model_copy(
            update={"lr": self.lr, "adam_lr": 0.1 * self.lr, "ema": QUANTIZED_MEMORY}
        )
        loss = origin.loss.model_copy(update={"symmetry": self.symmetry})
        changed = {"seed": self.seed, "epochs": self.epochs, "batch": self.batch}
        return origin.model_copy(
            update=changed | {"data": sizes, "optimizer": rates, "loss": loss, "model": parent.model.config}
        )


def run_quantization(
    parent: Checkpoint,
    dataset: Dataset | None,
    plan: QuantizationPlan,
    out: Path,
    *,
    device: str = "cpu",
    resume: bool = False,
    interrupt: Interrupt | None = None,
    show: Callable[[Progress], None] = lambda progress: None,
) -> Checkpoint:
    """Fills the parent's slots, calibrates, trains if the plan has epochs; leaves `model.ckpt` in `out`.

    Without data only recipes that need no calibration can be had. Raises `UsageError`, `UnsupportedElement`
    and what `fit` raises.
    """
    if parent.recipe.name != "fp32":
        raise UsageError(
            f"the model is already quantized (recipe {parent.recipe.name!r}). Give the float checkpoint it "
            "came from."
        )
    _check_stages(plan)
    if dataset is None:
        finished = Checkpoint(
            quantized_copy(parent.model, plan.recipe, None), plan.recipe, {"parent": parent.manifest}
        )
        save_checkpoint(out / "model.ckpt", finished)
        return finished
    for index, structure in enumerate(dataset.structures):
        check_species(structure, parent.model.species, "the model", index)
    config = plan.config(parent, len(dataset))
    # Without training there is nothing to hold frames out from.
    train, validation = _split(dataset, config, out, World()) if plan.epochs else (dataset, dataset)
    frames = prepare(train, parent.model.cutoff)
    first = min(CALIBRATION_FRAMES, len(frames))
    calibration = Frames(train.subset(range(first)), frames.neighbors[:first])
    model = quantized_copy(parent.model, plan.recipe, calibration)
    origin = {"distillation": {"share": plan.distill, "noise": plan.noise}, "parent": parent.manifest}
    start = Checkpoint(model, plan.recipe, manifest(config, dataset) | origin)
    teacher = None
    if plan.distill > 0:
        teacher = Teacher(parent.model.to(device), plan.noise, plan.distill, device)
    task = Task(frames, prepare(validation, parent.model.cutoff), config, out, device=device, teacher=teacher)
    best = fit(start, task, resume=resume, interrupt=interrupt, show=show) if plan.epochs else start
    return finish_training(best, task)


def finish_training(best: Checkpoint, task: Task) -> Checkpoint:
    """Shifts the reference energies to a mean energy error of zero on the training frames, notes the
    validation errors in the manifest, and writes `model.ckpt`. Forces are not touched.
    """
    labels = torch.tensor([label.energy for label in task.frames.dataset.labels], dtype=torch.float64)
    shift_reference_(best.model, task.frames, labels)
    energy, force = validate(best.model, task.validation)
    facts = {key: value for key, value in best.manifest.items() if key != "run"}
    facts["validation"] = {
        "energy_mae_mev": energy,
        "force_mae_mev_per_angstrom": force,
        "n": len(task.validation),
    }
    finished = replace(best, manifest=facts, state={})
    save_checkpoint(task.out / "model.ckpt", finished)
    return finished


def manifest(config: TrainConfig, dataset: Dataset) -> dict[str, Any]:
    """Where a model came from: data and its hash, the resolved configuration, versions."""
    return {
        "data": {"name": dataset.name, "sha256": dataset.sha256, "frames": len(dataset)},
        "config": config.model_dump(mode="json"),
        "versions": {"gaq": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }


def _origin(parent: Checkpoint) -> TrainConfig:
    """The configuration that the parent was trained with, or the defaults if it does not say."""
    try:
        return TrainConfig.model_validate(parent.manifest.get("config", {}))
    except ValidationError as error:
        raise BadFile(
            f"the float checkpoint is damaged: the configuration in its manifest cannot be read ({error}). "
            "Copy or train it anew."
        ) from None


def _check_stages(plan: QuantizationPlan) -> None:
    late = [rule for rule in plan.recipe.rules if rule.from_epoch >= plan.epochs]
    if plan.epochs and late:
        raise UsageError(
            f"recipe {plan.recipe.name!r} quantizes {late[0].target} from epoch {late[0].from_epoch} on, but "
            f"training ends after {plan.epochs}. Take more --epochs or a smaller --warmup."
        )


def _split(dataset: Dataset, config: TrainConfig, out: Path, world: World) -> tuple[Dataset, Dataset]:
    """Training and validation frames; the lists in `out/split.json` are used if they are there already."""
    path = out / "split.json"
    sizes = config.data
    if path.exists():
        split = read_split(path, dataset)
        if len(split.validation) != sizes.validation or len(split.train) != (sizes.train or len(split.train)):
            split = _drawn(dataset, config, path, world)
    else:
        split = _drawn(dataset, config, path, world)
    return dataset.subset(split.train), dataset.subset(split.validation)


def _drawn(dataset: Dataset, config: TrainConfig, path: Path, world: World) -> Split:
    sizes = config.data
    if sizes.train is None and len(dataset) <= sizes.validation:
        raise UsageError(
            f"{dataset.name} has {len(dataset)} frames, {sizes.validation} of which would be held out for "
            "validation: none would be left to train on. Give more frames, or lower data.validation."
        )
    train = len(dataset) - sizes.validation if sizes.train is None else sizes.train
    split = make_split(dataset, train, sizes.validation, seed=sizes.split_seed)
    if world.rank == 0:
        write_split(split, path)
    return split
