"""DoReFa: weights pass through a hyperbolic tangent before they are rounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from gaq.quant import pullback
from gaq.quant.calibrated import WeightStep
from gaq.quant.observe import AbsMax
from gaq.quant.quantized import Quantized
from gaq.quant.recipe import Recipe
from gaq.quant.rules import QUERY_KEY_BITS, features, queries, recipe_of, weights
from gaq.quant.scheme import decode_uniform, encode_uniform, following_steps
from gaq.quant.slot import WEIGHTS, Slot
from gaq.quant.spec import Uniform
from gaq.quant.wrappers import Trained


@dataclass(frozen=True)
class Squashed(Trained):
    """A weight is bent by a tangent before it is rounded."""

    refusal = ""

    def misfits(self, slot: Slot) -> Iterator[str]:
        """Yield the reasons against a slot."""
        if slot.role not in WEIGHTS:
            yield "Squashed is for weights"
        elif self.uniform.group is not None:
            yield "Squashed knows steps per tensor and channel, no groups"


class SquashedWeight(WeightStep):
    """w → M·tanh(w)/tanh(M) with M = max|w|, rounded; the gradient takes the slope of the curve along, M held.

    The source has 1 in the place of M, for batch normalisation follows there; here the scale of a weight counts.
    Weights are encoded once, at export, so no engine needs a tangent.
    Source: Zhou et al., DoReFa-Net, arXiv 1606.06160, eq. 9.
    """

    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
        with torch.no_grad():
            curve = torch.tanh(x.double())
            largest = x.abs().amax(self.grouping.axes, keepdim=True).double()
            stretch = torch.where(largest > 0, largest / torch.tanh(largest), torch.ones_like(largest))
            bent = (curve * stretch).to(x.dtype)
            slope = ((1 - curve.square()) * stretch).to(x.dtype)
            steps = following_steps(bent, self.grouping.axes, self.high, self.ratio)
            codes = encode_uniform(bent, steps.inverse_step, self.high)
            value = decode_uniform(codes, steps.step)
        return Quantized(pullback.scaled(x, value, slope), codes, steps.step, self.high)


def dorefa() -> Recipe:
    """Eight bits; weights pass through a hyperbolic tangent before they are rounded (DoReFa).

    Source: Zhou et al., DoReFa-Net, arXiv 1606.06160. Its features are clipped to a fixed range and its gradients
    rounded too; here features keep the range that calibration finds, and gradients are float. The source trains from
    scratch: on a trained parent the tangent bends weights that nobody trained to be bent.
    """
    return recipe_of(
        "dorefa",
        "8 bits, weights bent by a tangent",
        weights(Squashed(Uniform(8)), Squashed(Uniform(8))),
        features(Uniform(8), AbsMax(), Uniform(8), AbsMax()),
        queries(QUERY_KEY_BITS),
    )
