"""The uniform laws with their parameters: a fixed step, steps from the data, steps that follow or learn with
a weight.

Parameters that calibration must find start as NaN; `ready` says whether all of them are there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from gaq.errors import RecipeError
from gaq.quant import pullback
from gaq.quant.law import decode_uniform, dynamic_steps, encode_uniform, following_steps
from gaq.quant.observe import (
    AbsMax,
    Observer,
    Statistics,
    UnitRange,
    range_of_features,
    range_of_weights,
)
from gaq.quant.quantized import Quantized
from gaq.quant.slot import WEIGHTS, Slot
from gaq.quant.spec import Uniform

# A learned step stays above this share of its start, so that it cannot reach zero.
LEAST_FACTOR = 0.01


class Fitted(nn.Module, ABC):
    """A law with its parameters for one slot."""

    def __init__(self, slot: Slot, observer: Observer) -> None:
        super().__init__()
        self.slot = slot
        self.observer = observer
        self.ready = True
        self.seen: Statistics | None = None
        after_loading: Any = self.register_load_state_dict_post_hook
        after_loading(_see_whether_ready)

    @abstractmethod
    def forward(self, x: Tensor) -> Quantized:
        """Encode and decode, with the pullback attached."""

    def observe(self, x: Tensor) -> None:
        """Take in what calibration will want to know."""
        self._statistics().update(x)

    @abstractmethod
    def fit(self) -> None:
        """Compute the parameters from what was observed."""

    def _statistics(self) -> Statistics:
        if self.seen is None:
            self.seen = Statistics()
        return self.seen

    def _needed_statistics(self) -> Statistics:
        if isinstance(self.observer, UnitRange):
            return Statistics()
        if self.seen is None or self.seen.count == 0:
            raise _no_data(self.slot)
        seen, self.seen = self.seen, None
        return seen


class FixedStep(Fitted):
    """Features with one step from calibration. Outside the range the gradient is zero."""

    step: Tensor
    inverse_step: Tensor

    def __init__(self, slot: Slot, spec: Uniform, observer: Observer) -> None:
        super().__init__(slot, observer)
        self.high = spec.high
        self.register_buffer("step", torch.tensor(torch.nan))
        self.register_buffer("inverse_step", torch.tensor(torch.nan))
        self.ready = False
        if isinstance(observer, UnitRange):
            self.fit()

    def forward(self, x: Tensor) -> Quantized:
        step = self.step.to(x.dtype)
        with torch.no_grad():
            scaled = torch.round(x * self.inverse_step.to(x.dtype))
            codes = scaled.clamp(-self.high, self.high)
            value = decode_uniform(codes, step)
        value = pullback.clipped(x, value, scaled == codes)
        return Quantized(value, codes, step, self.high)

    def fit(self) -> None:
        set_step(
            self.step,
            self.inverse_step,
            range_of_features(self.observer, self._needed_statistics(), self.high) / self.high,
        )
        self.ready = True


class DynamicStep(Fitted):
    """Features whose step is computed from themselves. Nothing is clipped; the gradient passes unchanged."""

    def __init__(self, slot: Slot, spec: Uniform, observer: Observer) -> None:
        super().__init__(slot, observer)
        if not isinstance(observer, AbsMax):
            raise RecipeError(
                f"slot {slot.name!r}: a step per {spec.per} is the largest entry of the {spec.per} itself; "
                f"calibrate is {observer}, expected AbsMax()"
            )
        self.high = spec.high
        self.per = spec.per

    def forward(self, x: Tensor) -> Quantized:
        axes = {"row": (-1,), "vector": (-2,), "atom": tuple(range(1, x.dim()))}[self.per]
        with torch.no_grad():
            steps = dynamic_steps(x, axes, self.high)
            codes = encode_uniform(x, steps.inverse_step, self.high)
            value = decode_uniform(codes, steps.step)
        value = pullback.straight_through(x, value)
        if self.per == "vector":
            return Quantized(value)
        return Quantized(value, codes, steps.step, self.high)

    def observe(self, x: Tensor) -> None:
        return

    def fit(self) -> None:
        return


class WeightStep(Fitted):
    """Weights whose step is a calibrated share of their largest entry and so follows them in training."""

    ratio: Tensor

    def __init__(self, slot: Slot, spec: Uniform, observer: Observer) -> None:
        super().__init__(slot, observer)
        self.high = spec.high
        self.grouping = Grouping(spec)
        steps = self.grouping.steps(slot)
        self.register_buffer("ratio", torch.full(steps, 1.0 if isinstance(observer, AbsMax) else torch.nan))
        self.ready = isinstance(observer, AbsMax)
        self.latest: Tensor | None = None

    def forward(self, x: Tensor) -> Quantized:
        with torch.no_grad():
            grouped = self.grouping.split(x)
            steps = following_steps(grouped, self.grouping.axes, self.high, self.ratio)
            codes = encode_uniform(grouped, steps.inverse_step, self.high)
            value = decode_uniform(codes, steps.step).reshape(x.shape)
        return Quantized(pullback.straight_through(x, value), codes, steps.step, self.high)

    def observe(self, x: Tensor) -> None:
        self.latest = x.detach().clone()

    def fit(self) -> None:
        if isinstance(self.observer, AbsMax):
            return
        if self.latest is None:
            raise _no_data(self.slot)
        grouped = self.grouping.split(self.latest)
        largest = grouped.abs().amax(self.grouping.axes, keepdim=True)
        ranges = range_of_weights(self.observer, grouped, self.grouping.axes, self.high)
        self.ratio.copy_(torch.where(largest > 0, ranges / largest, torch.ones_like(largest)))
        self.latest = None
        self.ready = True


class LearnedStep(Fitted):
    """Steps that are trained: step = start · factor, both float32, factor the parameter (1 at first).

    Source: Esser et al., Learned Step Size Quantization, ICLR 2020. Learning a factor makes the rate of
    learning independent of the size of the weights.
    """

    start: Tensor

    def __init__(self, slot: Slot, spec: Uniform, observer: Observer) -> None:
        super().__init__(slot, observer)
        self.high = spec.high
        self.is_weight = slot.role in WEIGHTS
        self.grouping = Grouping(spec)
        shape = self.grouping.steps(slot) if self.is_weight else ()
        self.register_buffer("start", torch.full(shape, torch.nan))
        self.factor = nn.Parameter(torch.ones(self.start.numel()))
        self.ready = False
        self.latest: Tensor | None = None
        if isinstance(observer, UnitRange):
            self.fit()

    def forward(self, x: Tensor) -> Quantized:
        grouped = self.grouping.split(x) if self.is_weight else x
        step = (self.start * self.factor.clamp(min=LEAST_FACTOR).reshape(self.start.shape)).to(x.dtype)
        with torch.no_grad():
            scaled = grouped * (1 / step)
            rounded = torch.round(scaled)
            codes = rounded.clamp(-self.high, self.high)
            inside = rounded == codes
            value = decode_uniform(codes, step)
            shared = max(1, x.numel() // self.start.numel())
            error = torch.where(inside, codes - scaled, codes) * (shared * self.high) ** -0.5
        value = pullback.learned_step(grouped, step, value, error, inside)
        return Quantized(value.reshape(x.shape), codes, step.detach(), self.high)

    def observe(self, x: Tensor) -> None:
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
                raise _no_data(self.slot)
            else:
                self.start.fill_(range_of_features(self.observer, self._needed_statistics(), self.high) / self.high)
            self.factor.fill_(1.0)
        self.latest = None
        self.ready = True


class Grouping:
    """Which entries of a weight [out, in] share a step."""

    def __init__(self, spec: Uniform) -> None:
        self.group = spec.group
        self.axes: tuple[int, ...] = (0, 1) if spec.per == "tensor" else (-1,)
        self.per_tensor = spec.per == "tensor"

    def split(self, weight: Tensor) -> Tensor:
        """The weight itself, or [out, group, input of the group]."""
        return weight if self.group is None else weight.reshape(weight.shape[0], -1, self.group)

    def steps(self, slot: Slot) -> tuple[int, ...]:
        """The shape of the steps of a slot."""
        outputs, inputs = (size or 0 for size in slot.shape)
        if self.per_tensor:
            return (1, 1)
        return (outputs, 1) if self.group is None else (outputs, inputs // self.group, 1)


def fit_uniform(slot: Slot, spec: Uniform, observer: Observer) -> Fitted:
    """The module that carries out a uniform spec in a slot."""
    if spec.learn_step:
        return LearnedStep(slot, spec, observer)
    if spec.dynamic:
        return DynamicStep(slot, spec, observer)
    return WeightStep(slot, spec, observer) if slot.role in WEIGHTS else FixedStep(slot, spec, observer)


def set_step(step: Tensor, inverse_step: Tensor, value: float) -> None:
    """Store a step as float32 and, computed once from it in float32, its inverse."""
    single = torch.tensor(value, dtype=torch.float32)
    step.copy_(single)
    inverse_step.copy_(1 / single)


def _see_whether_ready(fitted: Fitted, _: object) -> None:
    """After loading: ready when nothing is NaN any more."""
    fitted.ready = all(bool(torch.isfinite(t).all()) for t in fitted.buffers() if t.is_floating_point())


def _no_data(slot: Slot) -> RecipeError:
    return RecipeError(
        f"slot {slot.name!r} (role {slot.role.value}) saw no data in calibration; run the model on a few "
        f"structures with the quantizer's `observing` set before `finish_calibration`"
    )
