"""From a float checkpoint to a quantized one: a recipe into its slots, calibrated, trained on if the plan says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from pydantic import ValidationError

from gaq.atoms.checks import check_species
from gaq.data.dataset import Dataset
from gaq.data.states import check_states
from gaq.errors import BadFile, UsageError
from gaq.model.precision import float_model_in
from gaq.quant.recipe import Recipe
from gaq.quant.rounding import fewest_weight_bits
from gaq.train.calibrate import energy_offset, quantized_copy
from gaq.train.checkpoint import Checkpoint, save_checkpoint
from gaq.train.compiled import compiled_for
from gaq.train.config import TrainConfig
from gaq.train.fit import Task, TrainProgress, fit
from gaq.train.frames import TrainFrames, prepare
from gaq.train.holdout import HeldOut, hold_out
from gaq.train.interrupt import Interrupt
from gaq.train.session import finish_training, manifest, training_remarks
from gaq.train.teacher import Teacher

CALIBRATION_FRAMES = 100
# Steps that bring four-bit weights near what longer training reaches: twelve epochs of 950 frames (docs/results).
SENSIBLE_STEPS, SENSIBLE_EPOCHS = 1200, (4, 60)
# Decay of the averaged weights in quantization-aware training. An average over many steps lies off the grid on which
# each of them was good: with the 0.999 of float training a quantized model ends worse than its own last step.
QUANTIZED_MEMORY = 0.98
OTHER_ZERO = 0.05  # eV per atom; a model is within some meV of labels of its own method


@dataclass(frozen=True)
class QuantizationPlan:
    """A recipe and how it is trained; no epochs is post-training quantization."""

    recipe: Recipe
    epochs: int = 0
    lr: float = 4e-4
    batch: int = 10
    seed: int = 0
    distill: float = 0.0
    noise: float = 0.03
    symmetry: float = 0.0
    compile: bool = False
    freeze: bool = True

    def config(self, parent: Checkpoint, frames: int) -> TrainConfig:
        """Return the training configuration: the parent's, with this plan's numbers.

        Of a data set of the parent's size the same frames are held out; of any other one a twentieth, at
        most 50.
        """
        origin = _origin(parent)
        sizes = origin.data
        if frames <= sizes.validation or sizes.train not in (None, frames - sizes.validation):
            held = min(50, max(1, frames // 20))
            sizes = sizes.model_copy(update={"train": None, "validation": held})
        memory = min(QUANTIZED_MEMORY, origin.optimizer.ema)
        rates = origin.optimizer.model_copy(
            update={"lr": self.lr, "adam_lr": 0.1 * self.lr, "ema": memory, "freeze": self.freeze}
        )
        loss = origin.loss.model_copy(update={"symmetry": self.symmetry})
        changed = {"seed": self.seed, "epochs": self.epochs, "batch": self.batch}
        return origin.model_copy(
            update=changed | {"data": sizes, "optimizer": rates, "loss": loss, "model": parent.model.config}
        )


def sensible_epochs(recipe: Recipe, frames: int, batch: int) -> int:
    """Return epochs for about `SENSIBLE_STEPS` steps, or none for a recipe with weights of eight bits or more."""
    if fewest_weight_bits(recipe) >= 8:
        return 0
    fewest, most = SENSIBLE_EPOCHS
    return min(most, max(fewest, round(SENSIBLE_STEPS * batch / frames)))


def float_parent(parent: Checkpoint) -> Checkpoint:
    """Return the model to quantize, in the precision that it was trained in; one that was imported in float32.

    Raises `UsageError` for a model that is quantized already.
    """
    if parent.recipe.name != "fp32":
        raise UsageError(
            f"the model is already quantized (recipe {parent.recipe.name!r}). Give the float checkpoint it came from."
        )
    return replace(parent, model=float_model_in(parent.model, getattr(torch, _origin(parent).dtype)))


def run_quantization(
    parent: Checkpoint,
    dataset: Dataset | None,
    plan: QuantizationPlan,
    out: Path,
    *,
    device: str = "cpu",
    resume: bool = False,
    interrupt: Interrupt | None = None,
    show: Callable[[TrainProgress], None] = lambda progress: None,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Checkpoint:
    """Fill the parent's slots, calibrate, train if the plan has epochs; leaves `model.ckpt` in `out`.

    Calibration uses structures alone: without epochs the zero of energy stays that of the parent, whatever the labels.
    Without data only recipes that need no calibration can be had. `tell` is given sentences about the data. Raises
    `UsageError`, `UnsupportedElement`, `BadLabels` and what `fit` raises.
    """
    parent = float_parent(parent)
    _check_stages(plan)
    if dataset is None:
        finished = Checkpoint(quantized_copy(parent.model, plan.recipe, None), plan.recipe, {"parent": parent.manifest})
        save_checkpoint(out / "model.ckpt", finished)
        return finished
    for index, structure in enumerate(dataset.structures):
        check_species(structure, parent.model.species, "the model", index)
    config = plan.config(parent, len(dataset) - dataset.more)
    if plan.epochs:
        check_states(dataset.structures, dataset.states, dataset.name, config.data.ignore)
    # Without training there is nothing to hold frames out from.
    divided = hold_out(dataset, config, out) if plan.epochs else HeldOut(dataset, dataset)
    frames = prepare(divided.train, parent.model.cutoff)
    first = min(CALIBRATION_FRAMES, len(frames))
    calibration = TrainFrames(divided.train.subset(range(first)), frames.neighbors[:first])
    used = training_remarks(divided.train, config) if plan.epochs else ()
    for sentence in (*_offset(parent, calibration, plan), *used, *divided.remarks):
        tell(sentence)
    model = quantized_copy(parent.model, plan.recipe, calibration)
    if plan.epochs:
        model.repulsion.recede_(torch.from_numpy(frames.closest(model.species)))
    origin = {"distillation": {"share": plan.distill, "noise": plan.noise}, "parent": parent.manifest}
    start = Checkpoint(model, plan.recipe, manifest(config, dataset) | origin)
    teacher = None
    if plan.distill > 0:
        teacher = Teacher(parent.model.to(device), plan.noise, plan.distill, device)
    held = prepare(divided.validation, parent.model.cutoff)
    task = Task(frames, held, config, out, device=device, teacher=teacher)
    if plan.compile and plan.epochs:
        task = replace(task, differentiate=compiled_for(plan.recipe))
    best = fit(start, task, resume=resume, interrupt=interrupt, show=show) if plan.epochs else start
    return finish_training(best, task, shift_references=plan.epochs > 0)


def _offset(parent: Checkpoint, frames: TrainFrames, plan: QuantizationPlan) -> list[str]:
    """Return a sentence where the labels have another zero of energy than the parent: another method, or another
    code.
    """
    off = energy_offset(parent.model, frames)
    if abs(off) < OTHER_ZERO:
        return []
    effect = "training moves the model to it" if plan.epochs else "it is not used: the zero stays that of the model"
    return [
        f"the labels have another zero of energy than the model, by {off:.4g} eV per atom, as those of another method "
        f"have; {effect}"
    ]


def _origin(parent: Checkpoint) -> TrainConfig:
    """Return the configuration that the parent was trained with, or the defaults if it does not say."""
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
            f"training ends after {plan.epochs}. Take more `epochs` or a smaller `warmup`."
        )
