"""The module in a slot: identity until a recipe installs a spec, observing while it is calibrated."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gaq.errors import RecipeError
from gaq.quant.calibrated import CalibratedQuantizer
from gaq.quant.observe import Observer
from gaq.quant.quantized import Quantized
from gaq.quant.registry import fit
from gaq.quant.slot import WEIGHTS, Slot
from gaq.quant.slot_checks import check_fit
from gaq.quant.spec import Identity, Spec, bits_of, framed, group_length, uniform_part

__all__ = ["Quantized", "Quantizer", "weight_bits"]


class Quantizer(nn.Module):
    """A quantizer in a slot of a model.

    `active` False (a stage that has not begun) and `observing` True both let x pass as it is.
    `bypass_mask`, if set, says in training which entries pass in float (true where they do); these have no codes.
    Calibration: set `observing`, run the model, unset it, `finish_calibration()`.
    The state_dict holds all parameters; to load one, `install` the same spec first.
    """

    calibrated: CalibratedQuantizer | None

    def __init__(self, slot: Slot) -> None:
        super().__init__()
        self.slot = slot
        self.spec: Spec = Identity()
        self.active = True
        self.observing = False
        self.bypass_mask: Callable[[Tensor], Tensor] | None = None
        self.calibrated = None

    def install(self, spec: Spec, observer: Observer) -> None:
        """Take on `spec`, with parameters to be found by `observer`; RecipeError where it does not fit."""
        check_fit(spec, self.slot)
        self.spec = spec
        self.calibrated = fit(self.slot, spec, observer)

    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
        """Return the quantized value with its pullback, and its codes where an integer product is possible.

        `species` [atom], counted from 0, is for schemes that tell atoms apart.
        """
        if self.calibrated is None:
            return Quantized(x)
        if self.observing:
            self.calibrated.observe(x.detach(), species)
            return Quantized(x)
        if not self.active:
            return Quantized(x)
        if not self.calibrated.ready:
            raise RecipeError(
                f"slot {self.slot.name!r} holds {self.spec}, which is not calibrated; run the model on a few "
                f"structures with `observing` set, then `finish_calibration`, or load a state that has it"
            )
        quantized: Quantized = self.calibrated(x, species)
        if self.bypass_mask is None:
            return quantized
        return Quantized(torch.where(self.bypass_mask(x), x, quantized.value))

    @property
    def wants_frame(self) -> bool:
        """True when the vectors that come here are to be expressed in the local frame of their atom."""
        return framed(self.spec) and (self.active or self.observing)

    def finish_calibration(self) -> None:
        """Compute the parameters from what was observed; RecipeError when data were needed and none came."""
        self.observing = False
        if self.calibrated is not None:
            self.calibrated.fit()

    def extra_repr(self) -> str:
        return f"{self.slot.name}: {self.spec}"


def weight_bits(quantizer: Quantizer) -> tuple[int, int]:
    """Return bits of the codes and bits of the scales of a weight as they are stored (32 for each float)."""
    slot, spec = quantizer.slot, quantizer.spec
    if slot.role not in WEIGHTS:
        raise RecipeError(f"slot {slot.name!r} (role {slot.role.value}) holds no weight to store")
    outputs, inputs = (size or 0 for size in slot.shape)
    uniform = uniform_part(spec)
    steps = 0
    if uniform is not None:
        per_row = 1 if uniform.group is None else inputs // group_length(uniform.group, inputs)
        steps = 1 if uniform.per == "tensor" else outputs * per_row
    return outputs * inputs * bits_of(spec), 32 * steps
