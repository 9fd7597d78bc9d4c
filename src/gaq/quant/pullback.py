"""Straight-through estimators: return the quantized value, with a custom gradient.

A pullback is a linear map of the arriving gradient whose coefficients (masks, directions, ratios) are held
fixed. It is made of differentiable operations, so the gradient of a gradient (forces are in the loss) passes
through it again; its own derivative with respect to x is zero, as for every straight-through estimator.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def straight_through(x: Tensor, value: Tensor) -> Tensor:
    """`value` with the gradient of x: g → g."""
    return _attach(_StraightThrough, x, value) if _wanted(x) else value


def clipped(x: Tensor, value: Tensor, inside: Tensor) -> Tensor:
    """`value` with the gradient of x where `inside` is true and none elsewhere: g → g·inside."""
    return _attach(_Clipped, x, value, inside) if _wanted(x) else value


def scaled(x: Tensor, value: Tensor, slope: Tensor) -> Tensor:
    """`value` with the gradient of x times `slope`: g → g·slope."""
    return clipped(x, value, slope)


def learned_step(x: Tensor, step: Tensor, value: Tensor, error: Tensor, inside: Tensor) -> Tensor:
    """`clipped`, with a gradient for the step too: g → Σ g·error.

    error = (code - x/step)/√(N·high) inside the range, code/√(N·high) outside; N entries share the step.
    Source: Esser et al., Learned Step Size Quantization, ICLR 2020, eq. 3 and section 2.2.
    """
    return _attach(_LearnedStep, x, step, value, error, inside) if _wanted(x, step) else value


def polar(v: Tensor, value: Tensor, ratio: Tensor, along: Tensor, against: Tensor) -> Tensor:
    """`value` with the gradient g → ratio·g + along·(against·g), the product over the component axis -2."""
    return _attach(_Polar, v, value, ratio, along, against) if _wanted(v) else value


def geometric_coefficients(
    v: Tensor, m: Tensor, decoded_m: Tensor, direction: Tensor, inside: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return coefficients of `polar` for v = m·u → m̂·û with the tangent-projected direction gradient.

    g → inside·(û·g) u + (m̂/m) (g - (u·g) u) = ratio·g + u·((inside·û - ratio·u)·g), ratio = m̂/m.
    The first term is the magnitude's pass-through, the second (I - u uᵀ) g scaled by m̂ ∂u/∂v. A vector that
    decodes to zero has no direction to turn: it passes g unchanged, so nothing is divided by less than half a
    step.
    Shapes: v and direction [..., 2l+1, c]; m, decoded_m, inside [..., c].
    Source: arXiv 2603.05343, geometric straight-through estimator.
    """
    alive = decoded_m > 0
    safe = torch.where(alive, m, torch.ones_like(m))
    ratio = torch.where(alive, decoded_m / safe, torch.ones_like(m)).unsqueeze(-2)
    u = v / safe.unsqueeze(-2)
    along = u * alive.unsqueeze(-2)
    against = inside.unsqueeze(-2) * direction - ratio * u
    return ratio, along, against


def hard_coefficients(
    v: Tensor, m: Tensor, decoded_m: Tensor, direction: Tensor, inside: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return coefficients of `polar` for a direction that is a step function: g → inside·(û·g) u, the magnitude's part
    alone.

    A vector that decodes to zero passes nothing on. Shapes as in `geometric_coefficients`.
    """
    alive = (decoded_m > 0) & inside
    u = v / torch.where(decoded_m > 0, m, torch.ones_like(m)).unsqueeze(-2)
    return torch.zeros_like(m).unsqueeze(-2), u * alive.unsqueeze(-2), direction


def rotated(v: Tensor, m: Tensor, value: Tensor, decoded_m: Tensor, direction: Tensor) -> Tensor:
    """`value` with the gradient g → (m̂/m) Rᵀ g, R the rotation that takes u to û by the shortest way.

    Rᵀ g = g - 2 r (r·g) + 2 u (û·g) with r = (u + û)/|u + û|. A vector that decodes to zero passes g unchanged.
    Source: Fifty et al., Restructuring Vector Quantization with the Rotation Trick, ICLR 2025, section 4.2.
    """
    if not _wanted(v):
        return value
    with torch.no_grad():
        alive = (decoded_m > 0).unsqueeze(-2)
        safe = torch.where(decoded_m > 0, m, torch.ones_like(m)).unsqueeze(-2)
        u = v.detach() / safe
        middle = u + direction
        size = middle.square().sum(-2, keepdim=True)
        half = torch.where(alive, middle * torch.rsqrt(size.clamp(min=1e-12)), torch.zeros_like(middle))
        ratio = torch.where(alive, decoded_m.unsqueeze(-2) / safe, torch.ones_like(safe))
        u = torch.where(alive, u, torch.zeros_like(u))
    return _attach(_Rotated, v, value, ratio, half, u, direction)


def _wanted(*tensors: Tensor) -> bool:
    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)


def _attach(function: Any, *inputs: Tensor) -> Tensor:
    value: Tensor = function.apply(*inputs)
    return value


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, value: Tensor) -> Tensor:
        return value

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad, None


class _Clipped(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, value: Tensor, inside: Tensor) -> Tensor:
        ctx.save_for_backward(inside)
        return value

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (inside,) = ctx.saved_tensors
        return grad * inside, None, None


class _LearnedStep(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, step: Tensor, value: Tensor, error: Tensor, inside: Tensor) -> Tensor:
        ctx.save_for_backward(error, inside)
        ctx.step_shape = step.shape
        return value

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        error, inside = ctx.saved_tensors
        for_x, for_step = ctx.needs_input_grad[:2]
        return (
            grad * inside if for_x else None,
            (grad * error).sum_to_size(ctx.step_shape) if for_step else None,
            None,
            None,
            None,
        )


class _Polar(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, v: Tensor, value: Tensor, ratio: Tensor, along: Tensor, against: Tensor) -> Tensor:
        ctx.save_for_backward(ratio, along, against)
        return value

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None, None]:
        ratio, along, against = ctx.saved_tensors
        return ratio * grad + along * (against * grad).sum(-2, keepdim=True), None, None, None, None


class _Rotated(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, v: Tensor, value: Tensor, ratio: Tensor, half: Tensor, u: Tensor, code: Tensor) -> Tensor:
        ctx.save_for_backward(ratio, half, u, code)
        return value

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None, None, None]:
        ratio, half, u, code = ctx.saved_tensors
        mirrored = half * (half * grad).sum(-2, keepdim=True)
        turned = u * (code * grad).sum(-2, keepdim=True)
        return ratio * (grad - 2 * mirrored + 2 * turned), None, None, None, None, None
