"""The polar scheme with its parameters: separate codes for magnitude and direction (MDDQ, arXiv 2603.05343)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gaq.errors import RecipeError
from gaq.quant import pullback
from gaq.quant.calibrated import CalibratedQuantizer, set_step
from gaq.quant.directions import directions_for
from gaq.quant.observe import AbsMax, MeanMagnitude, MeanSquare, Observer, range_of_features
from gaq.quant.quantized import Quantized
from gaq.quant.scheme import (
    decode_logarithmic_magnitude,
    decode_uniform,
    dynamic_steps,
    encode_linear_magnitude,
    encode_logarithmic_magnitude,
    logarithmic_levels,
    magnitude,
)
from gaq.quant.slot import Slot
from gaq.quant.spec import Polar


@dataclass(frozen=True)
class VectorCodes:
    """Magnitude codes [..., channel], direction codes, and the step that the magnitudes are decoded with."""

    magnitude: Tensor
    direction: Tensor
    step: Tensor


class PolarCode(CalibratedQuantizer):
    """Vectors [..., 2l+1, channel] as m̂·û.

    For equidistant magnitudes `step` is one level; for logarithmic ones it is the largest level.
    """

    step: Tensor
    inverse_step: Tensor
    levels: Tensor
    thresholds: Tensor

    def __init__(self, slot: Slot, spec: Polar, observer: Observer) -> None:
        super().__init__(slot, observer)
        self.spec = spec
        self.logarithmic = spec.magnitude == "log"
        _check_observer(slot, spec, observer)
        self.directions = directions_for(spec.direction_code(slot.degree))
        if not spec.dynamic:
            self.register_buffer("step", torch.tensor(torch.nan))
            self.register_buffer("inverse_step", torch.tensor(torch.nan))
        if self.logarithmic:
            levels, thresholds = logarithmic_levels(spec.high)
            self.register_buffer("levels", levels)
            self.register_buffer("thresholds", thresholds)
        self.ready = spec.dynamic and not self.directions.needs_data

    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
        watched = torch.is_grad_enabled() and x.requires_grad
        with torch.no_grad():
            v = x.detach()
            m = magnitude(v)
            codes = self.encode(v, m)
            decoded_m, direction = self.decode(codes)
            value = decoded_m.unsqueeze(-2) * direction
        if not watched:
            return Quantized(value)
        if self.auxiliary_losses is not None:
            self._train(x, m, codes, direction)
        if self.spec.gradient == "rotation":
            return Quantized(pullback.rotated(x, m, value, decoded_m, direction))
        inside = self._inside(m, codes.step)
        if self.spec.gradient == "plain":
            return Quantized(pullback.clipped(x, value, inside.unsqueeze(-2)))
        of_kind = pullback.hard_coefficients if self.spec.gradient == "hard" else pullback.geometric_coefficients
        coefficients = of_kind(v, m, decoded_m, direction, inside)
        return Quantized(pullback.polar(x, value, *coefficients))

    def _train(self, x: Tensor, m: Tensor, codes: VectorCodes, direction: Tensor) -> None:
        """Update the codebook and add the commitment loss, in a training step."""
        alive = codes.magnitude > 0
        self.directions.update_ema(x.detach(), m, codes.direction, alive)
        if self.spec.commitment > 0 and self.auxiliary_losses is not None:
            u = x / torch.where(alive, m, torch.ones_like(m)).unsqueeze(-2)
            apart = (u - direction).square().sum(-2) * alive
            self.auxiliary_losses.append(self.spec.commitment * apart.sum() / alive.sum().clamp(min=1))

    def encode(self, v: Tensor, m: Tensor) -> VectorCodes:
        """Return codes of vectors with magnitudes m; the direction code is zero where the magnitude code is."""
        step, inverse_step = self._steps(m)
        if self.logarithmic:
            size = encode_logarithmic_magnitude(m, inverse_step, self.thresholds)
        else:
            size = encode_linear_magnitude(m, inverse_step, self.spec.high)
        direction = self.directions.encode(v, m)
        alive = size > 0 if direction.dim() == size.dim() else (size > 0).unsqueeze(-2)
        return VectorCodes(size, direction * alive, step)

    def decode(self, codes: VectorCodes) -> tuple[Tensor, Tensor]:
        """Return magnitudes [..., channel] and unit vectors [..., 2l+1, channel]; the value is their product."""
        if self.logarithmic:
            size = decode_logarithmic_magnitude(codes.magnitude, codes.step, self.levels)
        else:
            size = decode_uniform(codes.magnitude, codes.step)
        return size, self.directions.decode(codes.direction, size.dtype)

    def observe(self, x: Tensor, species: Tensor | None = None) -> None:
        m = magnitude(x)
        if not self.spec.dynamic:
            super().observe(m)
        self.directions.observe(x, m)

    def fit(self) -> None:
        if not self.spec.dynamic:
            largest = range_of_features(self.observer, self._needed_statistics(), self.spec.high)
            set_step(self.step, self.inverse_step, largest if self.logarithmic else largest / self.spec.high)
        self.directions.fit()
        self.ready = True

    def _steps(self, m: Tensor) -> tuple[Tensor, Tensor]:
        if self.spec.dynamic:
            steps = dynamic_steps(m, tuple(range(1, m.dim())), 1 if self.logarithmic else self.spec.high)
            return steps.step, steps.inverse_step
        return self.step.to(m.dtype), self.inverse_step.to(m.dtype)

    def _inside(self, m: Tensor, step: Tensor) -> Tensor:
        """Return true for magnitudes that were not clipped."""
        if self.spec.dynamic:
            return torch.ones_like(m, dtype=torch.bool)
        return m <= (step if self.logarithmic else step * (self.spec.high + 0.5))


def _check_observer(slot: Slot, spec: Polar, observer: Observer) -> None:
    if spec.dynamic and not isinstance(observer, AbsMax):
        expected = "AbsMax(), for the step is the largest magnitude of the atom itself"
    elif spec.magnitude == "log" and isinstance(observer, MeanSquare | MeanMagnitude):
        expected = "AbsMax() or Percentile(), for the others assume equidistant levels"
    else:
        return
    raise RecipeError(f"slot {slot.name!r}: calibrate is {observer}; expected {expected}")
