"""Products of features and weights: integers first, one scale afterwards.

While every partial sum is an integer that the format can hold, the order of summation does not matter,
and vector units, threads and GPUs all give the same bits.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gaq.errors import RecipeError
from gaq.quant.quantized import Quantized

LARGEST_IN_FLOAT32 = 2**24
LARGEST_IN_FLOAT64 = 2**53


def multiply(features: Quantized, weight: Quantized) -> Tensor:
    """features [..., in] times the transpose of a weight [out, in], [..., out].

    Both with codes: (Σ codes_x codes_w, exactly) · (scale_x · scale_w). Weight codes only: (Σ x codes_w) ·
    scale_w.
    Features of which something was taken off: what is left of them like that, and then + what W makes of the rest.
    Otherwise the product of the values. With groups the scaled totals of the groups are added from first to
    last.
    The gradient is that of the product of the values, and is differentiable.
    Raises RecipeError when a total could exceed 2⁵³.
    """
    if weight.codes is None or weight.scale is None:
        return features.value @ weight.value.t()
    with torch.no_grad():
        value = _product(features, weight.codes, weight.scale, weight.high)
        if features.codes is not None and features.compensation is not None:
            value = value + features.compensation.behind(weight.value)
    if not torch.is_grad_enabled():
        return value
    attach: Any = _Product.apply
    product: Tensor = attach(features.value, weight.value, value)
    return product


def exact_type(high_x: int, high_w: int, length: int, what: str) -> torch.dtype:
    """Return the narrowest float type in which Σ codes_x codes_w over `length` terms is exact."""
    largest = high_x * high_w * length
    if largest <= LARGEST_IN_FLOAT32 and torch.get_float32_matmul_precision() == "highest":
        return torch.float32
    if largest <= LARGEST_IN_FLOAT64:
        return torch.float64
    raise RecipeError(
        f"{what}: a sum of {length} products of codes up to {high_x} and {high_w} can reach {largest}, "
        f"beyond 2^53; take fewer bits"
    )


def _product(features: Quantized, codes_w: Tensor, scale_w: Tensor, high_w: int) -> Tensor:
    """Return the product with whole-number weights, group by group if there are groups."""
    if codes_w.dim() == 2:
        return _part(features.value, features, codes_w, scale_w, high_w)
    total: Tensor | None = None
    width = codes_w.shape[-1]
    for group in range(codes_w.shape[1]):
        columns = slice(group * width, (group + 1) * width)
        part_of_x = Quantized(
            features.value[..., columns],
            None if features.codes is None else features.codes[..., columns],
            features.scale,
            features.high,
        )
        part = _part(part_of_x.value, part_of_x, codes_w[:, group], scale_w[:, group], high_w)
        total = part if total is None else total + part
    assert total is not None
    return total


def _part(value_x: Tensor, features: Quantized, codes_w: Tensor, scale_w: Tensor, high_w: int) -> Tensor:
    scale_w = scale_w.reshape(-1)
    if features.codes is None or features.scale is None:
        return (value_x @ codes_w.to(value_x.dtype).t()) * scale_w.to(value_x.dtype)
    dtype = value_x.dtype
    exact = exact_type(features.high, high_w, codes_w.shape[-1], "integer product")
    if dtype == torch.float64:
        exact = torch.float64
    total = features.codes.to(exact) @ codes_w.to(exact).t()
    return total.to(dtype) * (features.scale * scale_w.to(dtype))


class _Product(torch.autograd.Function):
    """`value` with the gradient of x @ wᵀ."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, value: Tensor) -> Tensor:
        ctx.save_for_backward(x, w)
        return value

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, w = ctx.saved_tensors
        for_x, for_w = ctx.needs_input_grad[:2]
        return (
            grad @ w if for_x else None,
            grad.reshape(-1, grad.shape[-1]).t() @ x.reshape(-1, x.shape[-1]) if for_w else None,
            None,
        )
