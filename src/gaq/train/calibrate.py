"""Post-training quantization: fill the slots, let them see some structures, refit the energy reference."""

from __future__ import annotations

import copy
from typing import TypeVar

import numpy as np
import torch

from gaq.data.references import compositions, shift_of_species
from gaq.errors import UsageError
from gaq.model.linear import Linear
from gaq.model.protocol import Network, device_of
from gaq.quant.install import install_
from gaq.quant.quantizer import Quantizer
from gaq.quant.recipe import Recipe
from gaq.quant.slot import WEIGHTS
from gaq.train.frames import TrainFrames, target_of
from gaq.train.ptq import check_ptq_passes, prepare_, refine_

CALIBRATION_BATCH = 16

N = TypeVar("N", bound=Network)


def quantized_copy(model: N, recipe: Recipe, frames: TrainFrames | None) -> N:
    """Return a copy of `model` with the recipe's quantizers, calibrated on `frames` while it still computes in float.

    Before and after, the recipe's PTQ passes do to the weights what they do. Then the atomic reference energies take
    up the mean error that rounding added to the energy: a constant per species, which no force feels. Raises
    `UsageError` when the recipe wants calibration and there are no frames.
    """
    copied = copy.deepcopy(model)
    check_ptq_passes(model, recipe, frames)
    before = None if frames is None else _energies(copied, frames)
    prepare_(copied, recipe, frames)
    teacher = copy.deepcopy(copied) if recipe.ptq_passes else copied
    install_(copied.quantizers(), recipe)
    _observe_weights(copied)
    if frames is None:
        needy = [q.slot.name for q in copied.quantizers() if q.slot.role not in WEIGHTS and not _ready(q)]
        if needy:
            raise UsageError(
                f"recipe {recipe.name!r} has steps that are fixed by calibration (slot {needy[0]!r} and "
                f"{len(needy) - 1} more): give some structures as `calibration`."
            )
        _finish(copied)
        return copied
    for quantizer in copied.quantizers():
        quantizer.observing = quantizer.slot.role not in WEIGHTS
    _energies(copied, frames)
    _finish(copied)
    refine_(copied, teacher, recipe, frames)
    if before is not None and recipe.name != "fp32":
        shift_reference_(copied, frames, before)
    return copied


def reference_targets(frames: TrainFrames) -> tuple[torch.Tensor, torch.Tensor]:
    """Return energies (eV, [frame]) and weights of the frames that decide the zero of energy.

    Isolated atoms are none of them where there is anything else.
    """
    target = target_of(frames.dataset.labels)
    weights = target.energy_weights.clone()
    both = zip(frames.dataset.structures, frames.neighbors, strict=True)
    lone = [len(pairs.receiver) == 0 and len(s) == 1 for s, pairs in both]
    bound = weights * ~torch.tensor(lone)
    return target.energies, bound if bool((bound > 0).any()) else weights


def shift_reference_(
    model: Network, frames: TrainFrames, target: torch.Tensor, weights: torch.Tensor | None = None
) -> dict[int, float]:
    """Move the reference energies so that the mean error against `target` (eV, [frame]) is zero.

    By species where compositions differ, and not moved by outliers (`references.shift_of_species`). `weights`
    [frame] say how much each frame counts, 0 for none. Returns what was added, in eV by atomic number.
    """
    error = (_energies(model, frames) - target).numpy()
    counted = np.ones(len(error)) if weights is None else weights.numpy()
    if not (counted > 0).any():
        return dict.fromkeys(model.species, 0.0)
    counts = compositions(frames.dataset.structures, model.species)
    shift = -shift_of_species(counts, np.where(counted > 0, error, 0.0), counted)
    model.reference += torch.from_numpy(shift).to(model.reference)
    return dict(zip(model.species, shift.tolist(), strict=True))


def energy_offset(model: Network, frames: TrainFrames) -> float:
    """Return by how much labels lie above the energies of a model, in eV per atom: the median over the frames.

    0 where no energy is known.
    """
    target = target_of(frames.dataset.labels)
    known = target.energy_weights > 0
    atoms = torch.tensor([len(s) for s in frames.dataset.structures], dtype=torch.float64)
    off = ((target.energies - _energies(model, frames)) / atoms)[known]
    return off.median().item() if len(off) else 0.0


@torch.no_grad()
def _energies(model: Network, frames: TrainFrames) -> torch.Tensor:
    device = device_of(model)
    return torch.cat([model.energies(batch.to(device)).cpu() for batch, _ in frames.batches(CALIBRATION_BATCH)])


def _observe_weights(model: Network) -> None:
    """Calibrate weights first, then features with quantized weights."""
    for layer in model.modules():
        if isinstance(layer, Linear):
            layer.weight_quantizer.observing = True
            layer.weight_quantizer(layer.weight)
            layer.weight_quantizer.finish_calibration()


def _ready(quantizer: Quantizer) -> bool:
    return quantizer.calibrated is None or quantizer.calibrated.ready


def _finish(model: Network) -> None:
    for quantizer in model.quantizers():
        if quantizer.slot.role not in WEIGHTS:
            quantizer.finish_calibration()
