"""Functions of distance of a NequIP: Bessel functions that end at the cutoff, and an MLP of them for each layer."""

from __future__ import annotations

import itertools
from typing import cast

from torch import Tensor, nn
from torch.nn.functional import silu

from gaq.model.linear import Linear
from gaq.quant.slot import Role


class RadialNetwork(nn.Module):
    """Weights of the paths [edge, path · channel] from radial functions [edge, basis]: an MLP without biases.

    Without biases they are zero where the radial functions are: at the cutoff.
    """

    def __init__(self, name: str, basis: int, hidden: list[int], outputs: int) -> None:
        super().__init__()
        sizes = [basis, *hidden, outputs]
        self.layers = nn.ModuleList(
            Linear(f"{name}.layers.{i}", inputs, width, bias=False, feature=Role.RADIAL_FEATURE)
            for i, (inputs, width) in enumerate(itertools.pairwise(sizes))
        )

    def forward(self, radial: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            radial = silu(layer(radial))
        weights: Tensor = self.last(radial)
        return weights

    @property
    def last(self) -> Linear:
        """The layer that gives the weights of the paths."""
        return cast(Linear, self.layers[-1])
