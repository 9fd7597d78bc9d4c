"""Weights that pass through a hyperbolic tangent before they are rounded (DoReFa)."""

from __future__ import annotations

import torch
from torch import Tensor

from gaq.quant import pullback
from gaq.quant.calibrated import WeightStep
from gaq.quant.quantized import Quantized
from gaq.quant.scheme import decode_uniform, encode_uniform, following_steps


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
