"""Weights that were rounded by another rule than "to nearest": put where their law finds the same codes again."""

from __future__ import annotations

import torch
from torch import Tensor

from gaq.errors import RecipeError
from gaq.model.linear import Linear
from gaq.quant.fitted import Fitted, WeightStep
from gaq.quant.learned import LearnedStep


def grid_of(layer: Linear) -> tuple[Tensor, int]:
    """Steps [out or 1, 1] or [out, group, 1] of a layer's weight, and the largest code.

    Raises `RecipeError` where the weight has no plain grid.
    """
    fitted = _law(layer)
    with torch.no_grad():
        found = fitted(layer.weight)
    assert found.scale is not None
    return found.scale, found.high


def settle_(layer: Linear, codes: Tensor, scale: Tensor) -> None:
    """Writes codes·scale into the weight and pins its law to these steps: what it encodes from now on are the codes."""
    fitted = _law(layer)
    with torch.no_grad():
        layer.weight.copy_((codes * scale).reshape(layer.weight.shape))
        if isinstance(fitted, LearnedStep):
            fitted.start.copy_(scale)
            fitted.factor.fill_(1.0)
        else:
            assert isinstance(fitted, WeightStep)
            largest = codes.abs().amax(fitted.grouping.axes, keepdim=True)
            fitted.ratio.copy_(torch.where(largest > 0, fitted.high / largest.clamp(min=1), torch.ones_like(largest)))
        found = fitted(layer.weight).codes
    if found is None or not torch.equal(found, codes.to(found)):
        raise RecipeError(f"slot {layer.coded.slot.name!r}: rounded weights lost their codes; this is a fault of gaq")


def has_grid(layer: Linear) -> bool:
    """Whether the weight of a layer follows a law whose rounding can be chosen."""
    return type(layer.coded.fitted) in (WeightStep, LearnedStep)


def _law(layer: Linear) -> Fitted:
    fitted = layer.coded.fitted
    if fitted is None or not has_grid(layer):
        raise RecipeError(
            f"slot {layer.coded.slot.name!r} holds {layer.coded.spec}: its rounding cannot be chosen. "
            "Take Uniform weights without squash and rotate"
        )
    return fitted
