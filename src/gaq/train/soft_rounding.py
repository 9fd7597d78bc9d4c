"""Rounding up or down as something that can be learned (AdaRound)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gaq.model.linear import Linear
from gaq.quant.calibrated import CalibratedQuantizer
from gaq.quant.observe import AbsMax
from gaq.quant.quantized import Quantized
from gaq.train.grid import grid_of

# The sigmoid is stretched to -0.1 … 1.1 and clipped, so that 0 and 1 can be reached.
LOW, HIGH = -0.1, 1.1
SHARPEST, BLUNTEST = 2.0, 20.0


class SoftRounding(CalibratedQuantizer):
    """code = clamp(floor(w/step) + h(tilt)), h between 0 and 1; at first h is what is left of w/step.

    Source: Nagel et al., Up or Down? Adaptive Rounding for Post-Training Quantization, ICML 2020, eq. 22 to 24.
    """

    def __init__(self, layer: Linear) -> None:
        super().__init__(layer.weight_quantizer.slot, AbsMax())
        self.scale, self.high = grid_of(layer)
        with torch.no_grad():
            grouped = layer.weight.reshape(*self.scale.shape[:-1], -1) if self.scale.dim() == 3 else layer.weight
            safe = torch.where(self.scale > 0, self.scale, torch.ones_like(self.scale))
            exact = (grouped / safe).clamp(-self.high, self.high)
            self.down = exact.floor()
            rest = ((exact - self.down - LOW) / (HIGH - LOW)).clamp(1e-4, 1 - 1e-4)
        self.tilt = nn.Parameter(torch.log(rest / (1 - rest)))

    def up(self) -> Tensor:
        """h: how far each weight is rounded up."""
        return (torch.sigmoid(self.tilt) * (HIGH - LOW) + LOW).clamp(0, 1)

    def undecided(self, done: float) -> Tensor:
        """Return the mean of 1 - |2h - 1|^β, β going from 20 to 2 as training goes on (`done` from 0 to 1)."""
        sharpness = SHARPEST + 0.5 * (BLUNTEST - SHARPEST) * (1 + torch.cos(torch.tensor(torch.pi * done)))
        return (1 - (2 * self.up() - 1).abs() ** sharpness).mean()

    def hard(self) -> Tensor:
        """The codes once every weight has decided."""
        return (self.down + (self.up() >= 0.5)).clamp(-self.high, self.high).detach() * (self.scale > 0)

    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
        codes = (self.down + self.up()).clamp(-self.high, self.high)
        return Quantized((codes * self.scale).reshape(x.shape))

    def fit(self) -> None:
        return
