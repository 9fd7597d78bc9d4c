"""Muon in single precision, matrices of one shape together.

`torch.optim.Muon` computes the same in bfloat16 and matrix by matrix: on a processor without units for bfloat16 that
takes longer than the gradients of a small molecule.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
STEPS = 5
SMALLEST_NORM = 1e-7


class Muon(torch.optim.Optimizer):
    """Momentum whose every update is made nearly orthogonal; for parameters [out, in].

    Decoupled weight decay; the rate grows with √(out / in) where out > in. Source: Jordan et al., Muon,
    https://kellerjordan.github.io/posts/muon, with Nesterov momentum.
    """

    def __init__(self, params: Iterable[Tensor], lr: float, weight_decay: float, momentum: float = 0.95) -> None:
        super().__init__(list(params), {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # nothing here calls a closure
        """One update of every parameter that has a gradient."""
        for group in self.param_groups:
            alike: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    update = self._momentum(parameter, group["momentum"])
                    alike.setdefault(parameter.shape, []).append((parameter, update))
            for shape, pairs in alike.items():
                updates = orthogonalized(torch.stack([update for _, update in pairs]))
                rate = group["lr"] * sqrt(max(1.0, shape[0] / shape[1]))
                for (parameter, _), update in zip(pairs, updates, strict=True):
                    parameter.mul_(1.0 - group["lr"] * group["weight_decay"]).add_(update, alpha=-rate)

    def _momentum(self, parameter: Tensor, momentum: float) -> Tensor:
        assert parameter.grad is not None
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(parameter.grad)
        average = state["momentum_buffer"].lerp_(parameter.grad, 1.0 - momentum)
        return parameter.grad.lerp(average, momentum)


def orthogonalized(matrices: Tensor) -> Tensor:
    """U S' Vᵀ for U S Vᵀ = [matrix, out, in], all of S' between 0.5 and 1.5: five Newton-Schulz iterations."""
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = x / x.flatten(1).norm(dim=1).clamp(min=SMALLEST_NORM)[:, None, None]
    a, b, c = COEFFICIENTS
    for _ in range(STEPS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x
