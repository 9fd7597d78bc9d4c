"""Rotation of channels before rounding, which spreads outliers over many channels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gaq.quant.calibrated import CalibratedQuantizer
from gaq.quant.observe import Observer
from gaq.quant.quantized import Quantized
from gaq.quant.slot import Slot


class Rotated(CalibratedQuantizer):
    """x → Q(x H) H with a Hadamard matrix H over the channels; H is symmetric and its own inverse.

    H mixes channels and never components, so it commutes with rotations of space. With the same H on both sides of
    a product, (x H)(W H)ᵀ = x Wᵀ: folded into the weights it costs nothing there, but features must be turned at
    run time, since sums and products per channel stand between one linear layer and the next.
    Source: Ashkboos et al., QuaRot, NeurIPS 2024, section 3.
    """

    mixing: Tensor

    def __init__(self, slot: Slot, observer: Observer, inner: Callable[[], CalibratedQuantizer]) -> None:
        super().__init__(slot, observer)
        self.inner = inner()
        self.register_buffer("mixing", hadamard(slot.shape[-1] or 1), persistent=False)
        self.ready = self.inner.ready

    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
        mixing = self.mixing.to(x.dtype)
        return Quantized(torch.matmul(self.inner(torch.matmul(x, mixing)).value, mixing))

    def observe(self, x: Tensor, species: Tensor | None = None) -> None:
        self.inner.observe(torch.matmul(x, self.mixing.to(x.dtype)))

    def fit(self) -> None:
        self.inner.fit()
        self.ready = self.inner.ready


def hadamard(size: int) -> Tensor:
    """[size, size] orthogonal, ±1/√b in blocks of b channels, b the largest power of two that divides `size`."""
    block = size & -size
    matrix = torch.ones((1, 1))
    while len(matrix) < block:
        matrix = torch.cat((torch.cat((matrix, matrix), 1), torch.cat((matrix, -matrix), 1)))
    return torch.block_diag(*[matrix * block**-0.5] * (size // block))
