"""The polar law with its parameters: magnitude and direction are coded apart (MDDQ, arXiv 2603.05343)."""

from __future__ import annotations

import torch
from torch import Tensor

from gaq.errors import RecipeError
from gaq.quant import pullback
from gaq.quant.directions import directions_for
from gaq.quant.fitted import Fitted, set_step
from gaq.quant.law import (
    Steps,
    decode_logarithmic_magnitude,
    dynamic_steps,
    encode_linear_magnitude,
    encode_logarithmic_magnitude,
    logarithmic_levels,
    magnitude,
)
from gaq.quant.observe import AbsMax, MeanMagnitude, MeanSquare, Observer, range_of_features
from gaq.quant.quantized import Quantized
from gaq.quant.slot import Slot
from gaq.quant.spec import Polar


class PolarCode(Fitted):
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

    def forward(self, x: Tensor) -> Quantized:
        with torch.no_grad():
            v = x.detach()
            m = magnitude(v)
            steps = self._steps(m)
            decoded_m, inside = self._magnitude(m, steps)
            direction = self.directions.decode(self.directions.encode(v, m), v.dtype)
            value = decoded_m.unsqueeze(-2) * direction
        if not (torch.is_grad_enabled() and x.requires_grad):
            return Quantized(value)
        if self.spec.gradient == "plain":
            return Quantized(pullback.clipped(x, value, inside.unsqueeze(-2)))
        with torch.no_grad():
            coefficients = pullback.geometric_coefficients(v, m, decoded_m, direction, inside)
        return Quantized(pullback.polar(x, value, *coefficients))

    def encode(self, v: Tensor) -> tuple[Tensor, Tensor]:
        """Magnitude codes [..., channel] and direction codes, which are zero where the magnitude code is."""
        m = magnitude(v)
        codes = self._magnitude_codes(m, self._steps(m))
        directions = self.directions.encode(v, m)
        alive = codes > 0 if directions.dim() == codes.dim() else (codes > 0).unsqueeze(-2)
        return codes, torch.where(alive, directions, torch.zeros_like(directions))

    def observe(self, x: Tensor) -> None:
        m = magnitude(x)
        if not self.spec.dynamic:
            super().observe(m)
        self.directions.observe(x, m)

    def fit(self) -> None:
        if not self.spec.dynamic:
            largest = range_of_features(self.observer, self._needed_statistics(), self.spec.high)
            set_step(self.step, self.inverse_step, largest if self.logarithmic else largest / self.spec.high)
        self.directions.fit(self.slot.name)
        self.ready = True

    def _steps(self, m: Tensor) -> Steps:
        if self.spec.dynamic:
            return dynamic_steps(m, tuple(range(1, m.dim())), 1 if self.logarithmic else self.spec.high)
        return Steps(self.step.to(m.dtype), self.inverse_step.to(m.dtype))

    def _magnitude_codes(self, m: Tensor, steps: Steps) -> Tensor:
        if self.logarithmic:
            return encode_logarithmic_magnitude(m, steps.inverse_step, self.thresholds)
        return encode_linear_magnitude(m, steps.inverse_step, self.spec.high)

    def _magnitude(self, m: Tensor, steps: Steps) -> tuple[Tensor, Tensor]:
        """Decoded magnitudes, and which of them were within the range."""
        codes = self._magnitude_codes(m, steps)
        if self.logarithmic:
            decoded = decode_logarithmic_magnitude(codes, steps.step, self.levels)
            largest = steps.step
        else:
            decoded = codes * steps.step
            largest = steps.step * (self.spec.high + 0.5)
        inside = torch.ones_like(m, dtype=torch.bool) if self.spec.dynamic else m <= largest
        return decoded, inside


def _check_observer(slot: Slot, spec: Polar, observer: Observer) -> None:
    if spec.dynamic and not isinstance(observer, AbsMax):
        expected = "AbsMax(), for the step is the largest magnitude of the atom itself"
    elif spec.magnitude == "log" and isinstance(observer, MeanSquare | MeanMagnitude):
        expected = "AbsMax() or Percentile(), for the others assume equidistant levels"
    else:
        return
    raise RecipeError(f"slot {slot.name!r}: calibrate is {observer}; expected {expected}")
