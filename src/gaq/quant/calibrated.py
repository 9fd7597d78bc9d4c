"""The uniform schemes with their parameters: a fixed step, steps from the data, steps that follow a weight.

Parameters that calibration must find start as NaN; `ready` says whether all of them are there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from gaq.errors import RecipeError
from gaq.quant import pullback
from gaq.quant.observe import (
    AbsMax,
    Observer,
    Statistics,
    UnitRange,
    range_of_features,
    range_of_weights,
)
from gaq.quant.quantized import Quantized
from gaq.quant.scheme import decode_uniform, dynamic_steps, encode_uniform, following_steps
from gaq.quant.slot import Slot
from gaq.quant.spec import Uniform, group_length


class CalibratedQuantizer(nn.Module, ABC):
    """A scheme with its parameters for one slot."""

    def __init__(self, slot: Slot, observer: Observer) -> None:
        super().__init__()
        self.slot = slot
        self.observer = observer
        self.ready = True
        self.seen: Statistics | None = None
        self.auxiliary_losses: list[Tensor] | None = None  # where training collects what the scheme adds to the loss
        after_loading: Any = self.register_load_state_dict_post_hook
        after_loading(_see_whether_ready)

    @abstractmethod
    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
        """Encode and decode, with the pullback attached; `species` [atom] for schemes that depend on the species."""

    def observe(self, x: Tensor, species: Tensor | None = None) -> None:
        """Collect statistics for calibration."""
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
            raise no_data(self.slot)
        seen, self.seen = self.seen, None
        return seen


class FixedStep(CalibratedQuantizer):
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

    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
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


class DynamicStep(CalibratedQuantizer):
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

    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
        axes = {"row": (-1,), "vector": (-2,), "atom": tuple(range(1, x.dim()))}[self.per]
        with torch.no_grad():
            steps = dynamic_steps(x, axes, self.high)
            codes = encode_uniform(x, steps.inverse_step, self.high)
            value = decode_uniform(codes, steps.step)
        value = pullback.straight_through(x, value)
        if self.per == "vector":
            return Quantized(value)
        return Quantized(value, codes, steps.step, self.high)

    def observe(self, x: Tensor, species: Tensor | None = None) -> None:
        return

    def fit(self) -> None:
        return


class WeightStep(CalibratedQuantizer):
    """Weights whose step is a calibrated share of their largest entry and so follows them in training."""

    ratio: Tensor

    def __init__(self, slot: Slot, spec: Uniform, observer: Observer) -> None:
        super().__init__(slot, observer)
        self.high = spec.high
        self.grouping = Grouping(spec, slot)
        steps = self.grouping.steps(slot)
        self.register_buffer("ratio", torch.full(steps, 1.0 if isinstance(observer, AbsMax) else torch.nan))
        self.ready = isinstance(observer, AbsMax)
        self.latest: Tensor | None = None

    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
        with torch.no_grad():
            grouped = self.grouping.split(x)
            steps = following_steps(grouped, self.grouping.axes, self.high, self.ratio)
            codes = encode_uniform(grouped, steps.inverse_step, self.high)
            value = decode_uniform(codes, steps.step).reshape(x.shape)
        return Quantized(pullback.straight_through(x, value), codes, steps.step, self.high)

    def observe(self, x: Tensor, species: Tensor | None = None) -> None:
        self.latest = x.detach().clone()

    def fit(self) -> None:
        if isinstance(self.observer, AbsMax):
            return
        if self.latest is None:
            raise no_data(self.slot)
        grouped = self.grouping.split(self.latest)
        largest = grouped.abs().amax(self.grouping.axes, keepdim=True)
        ranges = range_of_weights(self.observer, grouped, self.grouping.axes, self.high)
        self.ratio.copy_(torch.where(largest > 0, ranges / largest, torch.ones_like(largest)))
        self.latest = None
        self.ready = True


class Grouping:
    """Which entries of a weight [out, in] share a step."""

    def __init__(self, spec: Uniform, slot: Slot) -> None:
        self.group = None if spec.group is None else group_length(spec.group, slot.shape[-1] or 1)
        self.axes: tuple[int, ...] = (0, 1) if spec.per == "tensor" else (-1,)
        self.per_tensor = spec.per == "tensor"

    def split(self, weight: Tensor) -> Tensor:
        """Return the weight itself, or [out, group, input of the group]."""
        return weight if self.group is None else weight.reshape(weight.shape[0], -1, self.group)

    def steps(self, slot: Slot) -> tuple[int, ...]:
        """Return the shape of the steps of a slot."""
        outputs, inputs = (size or 0 for size in slot.shape)
        if self.per_tensor:
            return (1, 1)
        return (outputs, 1) if self.group is None else (outputs, inputs // self.group, 1)


def set_step(step: Tensor, inverse_step: Tensor, value: float) -> None:
    """Store a step as float32 and, computed once from it in float32, its inverse."""
    single = torch.tensor(value, dtype=torch.float32)
    step.copy_(single)
    inverse_step.copy_(1 / single)


def _see_whether_ready(calibrated: CalibratedQuantizer, _: object) -> None:
    """After loading: ready when nothing is NaN any more."""
    calibrated.ready = all(bool(torch.isfinite(t).all()) for t in calibrated.buffers() if t.is_floating_point())


def species_index(x: Tensor, species: Tensor | None, slot: Slot) -> Tensor:
    """Return the species of each row of x, counted from 0; RecipeError where the slot needs them and they are not
    given.
    """
    if slot.n_species == 1:
        return torch.zeros(x.shape[0], dtype=torch.int64, device=x.device)
    if species is None:
        raise RecipeError(
            f"slot {slot.name!r} rounds atoms of {slot.n_species} species in different ways and needs the species "
            f"of its rows; call the quantizer, or its linear layer, with `species`"
        )
    return species


def no_data(slot: Slot) -> RecipeError:
    """Return the error of a slot that calibration did not reach."""
    return RecipeError(
        f"slot {slot.name!r} (role {slot.role.value}) saw no data in calibration; run the model on a few "
        f"structures with the quantizer's `observing` set before `finish_calibration`"
    )
