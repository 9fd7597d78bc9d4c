"""Floating-point formats with a short mantissa in the place of a quantizer, registered as anybody's own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gaq.quant import pullback
from gaq.quant.calibrated import CalibratedQuantizer
from gaq.quant.quantized import Quantized
from gaq.quant.registry import register_quantizer
from gaq.quant.spec import Spec


@dataclass(frozen=True)
class Mantissa(Spec):
    """`bits` explicit bits of the mantissa, and the exponents of float32: 10 are TF32, 7 are BF16."""

    bits: int

    @property
    def code_bits(self) -> int:
        """Bits of one number, with sign and exponent."""
        return 9 + self.bits


class RoundedMantissa(CalibratedQuantizer):
    """Rounds to the nearest such number, half to even; the gradient passes straight."""

    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
        """Return the rounded value."""
        assert isinstance(self.bits, int)
        with torch.no_grad():
            fraction, exponent = torch.frexp(x)
            scale = 2.0 ** (self.bits + 1)
            value = torch.ldexp(torch.round(fraction * scale) / scale, exponent)
        return Quantized(pullback.straight_through(x, value))

    def observe(self, x: Tensor, species: Tensor | None = None) -> None:
        """Need nothing."""

    def fit(self) -> None:
        """Need nothing."""

    bits: int = 0


def _fitted(slot, spec: Mantissa, observer) -> RoundedMantissa:  # type: ignore[no-untyped-def]
    made = RoundedMantissa(slot, observer)
    made.bits = spec.bits
    return made


register_quantizer(Mantissa, _fitted)
