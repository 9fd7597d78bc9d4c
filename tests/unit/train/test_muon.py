"""Our Muon is that of PyTorch in another precision, and what it calls orthogonal is."""

from __future__ import annotations

import pytest
import torch

from gaq.train.muon import Muon, orthogonalized

SHAPES = ((64, 192), (128, 64), (128, 64), (16, 16))


def drawn(seed: int, dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=draw, dtype=dtype) for shape in SHAPES]


def run(make, steps: int) -> list[torch.Tensor]:
    parameters = [p.requires_grad_() for p in drawn(0)]
    optimizer = make(parameters)
    for step in range(steps):
        for parameter, gradient in zip(parameters, drawn(1 + step), strict=True):
            parameter.grad = gradient
        optimizer.step()
    return [p.detach() for p in parameters]


def test_it_goes_where_that_of_pytorch_goes():
    """Up to bfloat16, whose round-off is half a per cent."""
    ours = run(lambda p: Muon(p, 0.01, 0.02), 4)
    theirs = run(lambda p: torch.optim.Muon(p, 0.01, weight_decay=0.02), 4)
    without_decay = run(lambda p: Muon(p, 0.01, 0.0), 4)
    for start, one, other, control in zip(drawn(0), ours, theirs, without_decay, strict=True):
        moved = (other - start).norm()
        assert (one - other).norm() < 0.02 * moved
        assert (control - other).norm() > 0.02 * moved


@pytest.mark.parametrize("shape", [(3, 64, 192), (2, 128, 64), (1, 16, 16)])
def test_singular_values_are_near_one(shape):
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    values = torch.linalg.svdvals(orthogonalized(matrices))
    given = torch.linalg.svdvals(matrices)
    assert values.max() < 1.3
    assert values.median() > 0.6
    assert values.max() / values.median() < given.max() / given.median()


def test_a_matrix_without_a_gradient_stays():
    parameter, other = torch.ones(4, 4, requires_grad=True), torch.ones(4, 4, requires_grad=True)
    parameter.grad = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
    Muon([parameter, other], 0.1, 0.1).step()
    assert torch.equal(other.detach(), torch.ones(4, 4))
    assert not torch.equal(parameter.detach(), torch.ones(4, 4))
