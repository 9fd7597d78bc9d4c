"""The one linear layer: codes times codes, then one scale. A float layer is the same with identity
quantizers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gaq.quant.product import multiply
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot


class Linear(nn.Module):
    """y = x Wᵀ + b over the last axis, with a slot for the input and one for the weight.

    Scalars are [atom, channel]. Equivariant features are [atom, 2l+1, channel] and take no bias: a weight
    then mixes channels and never components, which is why weights of any precision keep the symmetry. `feature` is the
    role of the input where the degree does not say it: pseudoscalars are vectors of degree 0, with one component.
    `tags` say to recipes where in the network the layer is.
    """

    def __init__(
        self,
        name: str,
        inputs: int,
        outputs: int,
        *,
        bias: bool = True,
        degree: int = 0,
        feature: Role | None = None,
        n_species: int = 1,
        tags: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        feature = feature or (Role.VECTOR_FEATURE if degree else Role.SCALAR_FEATURE)
        vectors = feature is Role.VECTOR_FEATURE
        weight = Role.VECTOR_WEIGHT if vectors else Role.SCALAR_WEIGHT
        shape = (None, 2 * degree + 1, inputs) if vectors else (None, inputs)
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias and not vectors else None
        self.input_quantizer = Quantizer(Slot(f"{name}.input", feature, shape, degree, n_species, tags))
        self.weight_quantizer = Quantizer(Slot(f"{name}.weight", weight, (outputs, inputs), degree, tags=tags))

    def forward(self, x: Tensor, frame: Tensor | None = None, species: Tensor | None = None) -> Tensor:
        """`frame` [atom, 2l+1, 2l+1] (local → lab) is used where the input slot wants local components, `species`
        [atom], one of `n_species`, where it depends on the species.
        """
        local = frame if self.input_quantizer.wants_frame else None
        if local is not None:
            x = torch.matmul(local.transpose(-1, -2), x)
        y = multiply(self.input_quantizer(x, species), self.weight_quantizer(self.weight))
        if local is not None:
            y = torch.matmul(local, y)
        return y if self.bias is None else y + self.bias

    def rounded_weight(self) -> Tensor:
        """Return the weight [output, input] as it is multiplied."""
        return self.weight_quantizer(self.weight).value


def orthogonal_(module: nn.Module, generator: torch.Generator) -> None:
    """Draw orthogonal weights for every linear layer in a module, in its order; their biases stay as they are."""
    for layer in module.modules():
        if isinstance(layer, Linear):
            nn.init.orthogonal_(layer.weight, generator=generator)
