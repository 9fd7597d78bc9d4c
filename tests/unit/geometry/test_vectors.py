"""Lengths and directions have the values and the derivatives that their formulas say, at zero too."""

from __future__ import annotations

import numpy as np
import torch

from gaq.geometry.vectors import length, limited, smooth_length, square_root, unit_per_head


def test_length_is_the_euclidean_one():
    assert length(torch.tensor([[3.0, 0.0, 4.0]])).item() == 5.0
    assert length(torch.tensor([[3.0], [4.0]]), dim=0).item() == 5.0


def test_square_roots_are_rounded_as_ieee_754_says(rng):
    bits = np.concatenate((rng.integers(0, 0x7F800000, 200_000), np.arange(0x3F800000, 0x3F800000 + 100_000)))
    x = bits.astype(np.int32).view(np.float32)
    found = square_root(torch.from_numpy(x))
    assert found.dtype == torch.float32
    np.testing.assert_array_equal(found.numpy(), np.sqrt(x))


def test_smooth_length_is_smooth_at_zero_and_a_length_elsewhere():
    zero = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    value = smooth_length(zero, -1)
    (slope,) = torch.autograd.grad(value.sum(), zero, create_graph=True)
    (curvature,) = torch.autograd.grad(slope[0, 0], zero)
    assert value.item() == 0
    assert (slope == 0).all()
    assert abs(curvature[0, 0].item() - 1e4) < 1e-6  # 1 / floor
    far = torch.tensor([[0.0, 3.0, 4.0]], dtype=torch.float64)
    assert abs(smooth_length(far, -1).item() - 5) < 2e-4
    assert torch.autograd.gradgradcheck(lambda x: smooth_length(x, -1, 0.1), zero)


def test_heads_have_unit_length_and_zero_stays_zero():
    v = torch.tensor([[[3.0, 4.0], [0.0, 0.0]]], dtype=torch.float64)
    u = unit_per_head(v)
    assert abs(u[0, 0].norm().item() - 1) < 1e-6
    assert (u[0, 1] == 0).all()


def test_a_limit_shortens_what_is_large_alone():
    x = torch.tensor([[0.6, 0.0, 0.8], [6.0, 0.0, 8.0], [6e8, 0.0, 8e8]])
    limit = torch.tensor(10.0)
    y = limited(x, limit, -1)
    assert torch.allclose(length(y), torch.tensor([1 / 1.0001**0.25, 10 / 2**0.25, 10.0]))
    assert torch.allclose(y / length(y)[:, None], torch.tensor([0.6, 0.0, 0.8]).expand(3, 3))  # in its direction
    assert torch.equal(limited(x[:, 0], limit), limited(x[:, :1], limit, -1)[:, 0])
    assert torch.equal(limited(x, torch.tensor(1e18), -1)[:2], x[:2])


def test_a_limit_has_derivatives_of_at_most_one(rng):
    x = torch.tensor(rng.normal(size=(50, 3)) * np.geomspace(0.01, 1e3, 50)[:, None])
    limit = torch.tensor(2.0, dtype=torch.float64)
    for row in x:
        slopes = torch.autograd.functional.jacobian(lambda v: limited(v, limit, -1), row)
        assert torch.linalg.matrix_norm(slopes, 2) <= 1
    assert torch.autograd.gradgradcheck(lambda v: limited(v, limit, -1), x[:30].requires_grad_())
