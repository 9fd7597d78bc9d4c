"""Energy and forces as one compiled graph, like `gaq.engine.compiled`, for peers without gaq."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Energy = Callable[[Tensor], Tensor]


def with_forces(energy: Energy) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """Return energy and forces from positions, eager."""

    def evaluate(positions: Tensor) -> tuple[Tensor, Tensor]:
        positions = positions.detach().requires_grad_()
        with torch.enable_grad():
            value = energy(positions)
            (slope,) = torch.autograd.grad(value.sum(), positions)
        return value.detach(), -slope

    return evaluate


def compiled_with_forces(energy: Energy, positions: Tensor) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    import torch._inductor.config as settings
    from torch._inductor.compile_fx import compile_fx
    from torch.fx.experimental.proxy_tensor import make_fx

    trace = make_fx(with_forces(energy))(positions)
    with torch.no_grad(), settings.patch(cpp_wrapper=True):
        graph = compile_fx(trace, [positions])
        graph(positions)

    def evaluate(moved: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            value, forces = graph(moved)
        return value, forces

    return evaluate
