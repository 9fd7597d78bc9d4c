"""Weights rounded by another rule than "to nearest", moved to where their scheme gives the same codes again."""

from __future__ import annotations

import torch
from torch import Tensor

from gaq.errors import RecipeError
from gaq.model.linear import Linear
from gaq.quant.calibrated import CalibratedQuantizer, WeightStep
from gaq.quant.learned import LearnedStep


def grid_of(layer: Linear) -> tuple[Tensor, int]:
    """Return steps [out or 1, 1] or [out, group, 1] of a layer's weight, and the largest code.

    Raises `RecipeError` where the weight has no plain grid.
    """
    calibrated = _scheme(layer)
    with torch.no_grad():
        found = calibrated(layer.weight)
    assert found.scale is not None
    return found.scale, found.high


def snap_to_grid_(layer: Linear, codes: Tensor, scale: Tensor) -> None:
    """Write codes·scale into the weight and fix its steps, so that it encodes to these codes from now on."""
    calibrated = _scheme(layer)
    with torch.no_grad():
        layer.weight.copy_((codes * scale).reshape(layer.weight.shape))
        if isinstance(calibrated, LearnedStep):
            calibrated.start.copy_(scale)
            calibrated.factor.fill_(1.0)
        else:
            assert isinstance(calibrated, WeightStep)
            largest = codes.abs().amax(calibrated.grouping.axes, keepdim=True)
            calibrated.ratio.copy_(
                torch.where(largest > 0, calibrated.high / largest.clamp(min=1), torch.ones_like(largest))
            )
        found = calibrated(layer.weight).codes
    if found is None or not torch.equal(found, codes.to(found)):
        raise RecipeError(
            f"slot {layer.weight_quantizer.slot.name!r}: rounded weights lost their codes; this is a fault of gaq"
        )


def has_grid(layer: Linear) -> bool:
    """Return whether the weight of a layer follows a scheme whose rounding can be chosen."""
    return type(layer.weight_quantizer.calibrated) in (WeightStep, LearnedStep)


def _scheme(layer: Linear) -> CalibratedQuantizer:
    calibrated = layer.weight_quantizer.calibrated
    if calibrated is None or not has_grid(layer):
        raise RecipeError(
            f"slot {layer.weight_quantizer.slot.name!r} holds {layer.weight_quantizer.spec}: its rounding cannot be "
            "chosen. Take Uniform weights without squash and rotate"
        )
    return calibrated
