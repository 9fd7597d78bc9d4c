"""The quantization scheme for tensors: encode floats to integers, decode integers to floats.

Only operations that IEEE 754 rounds correctly, in the order written here; docs/quantizers.md says the same in
words.
Parameters are float32 and are used in the type of x, so that tests can follow the scheme in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gaq.geometry.vectors import square_root

# A tensor whose largest entry is below this decodes to zero: its inverse step would overflow float32.
SMALLEST = 2.0**-100
# Octaves between the smallest and the largest level of a logarithmic magnitude.
OCTAVES = 12


@dataclass(frozen=True)
class Steps:
    """A step and its inverse, each of a shape that broadcasts with what is quantized."""

    step: Tensor
    inverse_step: Tensor


def encode_uniform(x: Tensor, inverse_step: Tensor, high: int) -> Tensor:
    """clamp(round(x · inverse_step), -high, high), half to even; integers held in the type of x."""
    return torch.round(x * inverse_step).clamp_(-high, high)


def decode_uniform(codes: Tensor, step: Tensor) -> Tensor:
    """codes · step."""
    return codes * step


def dynamic_steps(x: Tensor, axes: tuple[int, ...], high: int) -> Steps:
    """Return steps from the data: M = max|x| over `axes`; step = M · (1/high); inverse_step = high / M, or 0 where M <
    2⁻¹⁰⁰.

    1/high is rounded to the type of x. Shapes: those of x with length one along `axes`.
    """
    largest = x.abs().amax(axes, keepdim=True)
    return _steps_of(largest, high, None)


def following_steps(weight: Tensor, axes: tuple[int, ...], high: int, ratio: Tensor) -> Steps:
    """Return steps that follow a weight: M = max|w| over `axes`; step = (M · (1/high)) · ratio and its inverse.

    inverse_step is 0 where M < 2⁻¹⁰⁰.
    """
    largest = weight.abs().amax(axes, keepdim=True)
    return _steps_of(largest, high, ratio.to(weight.dtype))


def magnitude(v: Tensor) -> Tensor:
    """√((x·x + y·y) + z·z) over the component axis -2, first to last; [..., 2l+1, c] → [..., c]."""
    first, *others = v.unbind(-2)
    total = first * first
    for component in others:
        total = total + component * component
    return square_root(total)


def encode_linear_magnitude(m: Tensor, inverse_step: Tensor, high: int) -> Tensor:
    """min(round(m · inverse_step), high): magnitudes have no sign, codes are 0 to high."""
    return torch.round(m * inverse_step).clamp_(max=high)


def logarithmic_levels(high: int) -> tuple[Tensor, Tensor]:
    """Return levels [high + 1] and thresholds [high] of a logarithmic magnitude whose largest level is 1, float32.

    level_0 = 0, level_k = 2^(-12 (high - k)/(high - 1)); threshold_k is midway between level_(k-1) and
    level_k.
    """
    k = torch.arange(1, high + 1, dtype=torch.float64)
    levels = torch.cat((torch.zeros(1, dtype=torch.float64), torch.exp2(-OCTAVES * (high - k) / (high - 1))))
    return levels.float(), ((levels[:-1] + levels[1:]) / 2).float()


def encode_logarithmic_magnitude(m: Tensor, inverse_step: Tensor, thresholds: Tensor) -> Tensor:
    """Return the number of thresholds that are at most m · inverse_step, where the step is the largest magnitude."""
    count = torch.bucketize(m * inverse_step, thresholds.to(m.dtype), right=True)
    return count.to(m.dtype)


def decode_logarithmic_magnitude(codes: Tensor, step: Tensor, levels: Tensor) -> Tensor:
    """levels[code] · step."""
    return levels.to(step.dtype)[codes.long()] * step


def encode_component_direction(v: Tensor, m: Tensor, high: int) -> Tensor:
    """clamp(round((v / m) · high), -high, high) for each component; zero where m is zero.  [..., 2l+1, c]."""
    length = torch.where(m == 0, torch.ones_like(m), m).unsqueeze(-2)
    return torch.round((v / length) * high).clamp_(-high, high)


def decode_component_direction(codes: Tensor) -> Tensor:
    """codes / |codes|, the length as in `magnitude`; zero stays zero."""
    length = magnitude(codes)
    return codes / torch.where(length == 0, torch.ones_like(length), length).unsqueeze(-2)


def _steps_of(largest: Tensor, high: int, ratio: Tensor | None) -> Steps:
    step = largest * (1 / high)
    if ratio is not None:
        step = step * ratio
    # One division, rounded once: `high / largest` with a plain number would be a reciprocal and then a product.
    inverse = torch.full_like(largest, high) / largest if ratio is None else 1 / step
    return Steps(step, torch.where(largest < SMALLEST, torch.zeros_like(step), inverse))
