"""Scales per channel that can be folded into a network without changing what it computes.

Between linear layers stand sums and products per channel, so a scale can be taken out of one and put into the next
wherever a channel passes as it is: the streams of scalars and of vectors that run through all layers, each with one
scale per channel for the whole network, and what is gathered from neighbours, with one per layer. Behind a
nonlinearity, and for invariants of vectors, no scale can be folded. Each architecture lists its streams.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gaq.model.linear import Linear


@dataclass(frozen=True, eq=False)
class Stream:
    """Channels that one scale serves: who reads them, and how those who write them are divided by it."""

    readers: tuple[tuple[Linear, slice], ...]  # layers, and the inputs that are these channels
    divide_: Callable[[Tensor], None]  # divides everything that is written to the channels

    def scale_(self, scale: Tensor) -> None:
        """x → x/scale and W → W·scale."""
        with torch.no_grad():
            for layer, inputs in self.readers:
                layer.weight[:, inputs] *= scale.to(layer.weight)
            self.divide_(scale)


def divide_rows_(layer: Linear, rows: slice, scale: Tensor) -> None:
    """Divide some outputs of a layer, weights and biases, by a scale [output]."""
    layer.weight[rows] /= scale.to(layer.weight)[:, None]
    if layer.bias is not None:
        layer.bias[rows] /= scale.to(layer.bias)
