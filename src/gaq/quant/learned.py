"""Steps that are trained along with the weights (LSQ)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gaq.quant import pullback
from gaq.quant.calibrated import CalibratedQuantizer, Grouping, no_data
from gaq.quant.observe import Observer, UnitRange, range_of_features, range_of_weights
from gaq.quant.quantized import Quantized
from gaq.quant.scheme import decode_uniform
from gaq.quant.slot import WEIGHTS, Slot
from gaq.quant.spec import Uniform

# A learned step stays above this share of its start, so that it cannot reach zero.
LEAST_FACTOR = 0.01


class LearnedStep(CalibratedQuantizer):
    """Steps that are trained: step = start · factor, both float32, factor the parameter (1 at first).

    Source: Esser et al., Learned Step Size Quantization, ICLR 2020. Learning a factor makes the rate of
    learning independent of the size of the weights.
    """

    start: Tensor
    rate = 1.0  # how much the step changes, as a share of its start, when the parameter changes by one

    def __init__(self, slot: Slot, spec: Uniform, observer: Observer) -> None:
        super().__init__(slot, observer)
        self.high = spec.high
        self.is_weight = slot.role in WEIGHTS
        self.grouping = Grouping(spec, slot)
        shape = self.grouping.steps(slot) if self.is_weight else ()
        self.register_buffer("start", torch.full(shape, torch.nan))
        self.factor = nn.Parameter(torch.ones(self.start.numel()))
        self.ready = False
        self.latest: Tensor | None = None
        if isinstance(observer, UnitRange):
            self.fit()

    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
        grouped = self.grouping.split(x) if self.is_weight else x
        step = self.step().to(x.dtype)
        with torch.no_grad():
            scaled = grouped * (1 / step)
            rounded = torch.round(scaled)
            codes = rounded.clamp(-self.high, self.high)
            inside = rounded == codes
            value = decode_uniform(codes, step)
            error = self.step_error(codes, scaled, inside, max(1, x.numel() // self.start.numel()))
        value = pullback.learned_step(grouped, step, value, error, inside)
        return Quantized(value.reshape(x.shape), codes, step.detach(), self.high)

    def step(self) -> Tensor:
        """Return the steps of today, of the shape of their start."""
        factor = self.factor if self.rate == 1 else 1 + self.rate * (self.factor - 1)
        return self.start * factor.clamp(min=LEAST_FACTOR).reshape(self.start.shape)

    def step_error(self, codes: Tensor, scaled: Tensor, inside: Tensor, shared: int) -> Tensor:
        """Return what the gradient of a value is multiplied by on its way to the step that `shared` entries share."""
        return torch.where(inside, codes - scaled, codes) * (shared * self.high) ** -0.5

    def observe(self, x: Tensor, species: Tensor | None = None) -> None:
        if self.is_weight:
            self.latest = x.detach().clone()
        else:
            super().observe(x)

    def fit(self) -> None:
        with torch.no_grad():
            if self.is_weight and self.latest is not None:
                grouped = self.grouping.split(self.latest)
                ranges = range_of_weights(self.observer, grouped, self.grouping.axes, self.high)
                self.start.copy_(torch.where(ranges > 0, ranges, torch.ones_like(ranges)) / self.high)
            elif self.is_weight and not isinstance(self.observer, UnitRange):
                raise no_data(self.slot)
            else:
                self.start.fill_(range_of_features(self.observer, self._needed_statistics(), self.high) / self.high)
            self.factor.fill_(1.0)
        self.latest = None
        self.ready = True
