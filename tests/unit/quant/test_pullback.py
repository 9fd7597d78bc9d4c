from __future__ import annotations

import pytest
import torch

from gaq.quant import pullback


@pytest.fixture
def generator(seed):
    return torch.Generator().manual_seed(seed)


def normal(*shape, generator):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_the_value_comes_back_as_it_is_where_the_usual_trick_changes_it(generator):
    x = torch.randn(1000, generator=generator) * 10
    value = torch.round(x * 3.7) * 0.123
    assert torch.equal(pullback.straight_through(x.requires_grad_(), value), value)
    trick = x + (value - x).detach()
    assert not torch.equal(trick, value)


def test_nothing_is_recorded_for_who_does_not_ask(generator):
    x, value = normal(5, generator=generator), normal(5, generator=generator)
    assert pullback.straight_through(x, value) is value
    with torch.no_grad():
        assert pullback.clipped(x.requires_grad_(), value, value > 0) is value


def test_a_learned_step_gets_the_gradient_of_lsq(generator):
    x = normal(4, 6, generator=generator).requires_grad_()
    step = torch.tensor([[0.2], [0.3], [0.1], [2.0]], dtype=torch.float64, requires_grad=True)
    arriving = normal(4, 6, generator=generator)
    high = 3
    with torch.no_grad():
        scaled = x / step
        codes = scaled.round().clamp(-high, high)
        inside = scaled.round().abs() <= high
        error = torch.where(inside, codes - scaled, codes) * (6 * high) ** -0.5
    value = pullback.learned_step(x, step, codes * step, error, inside)
    for_x, for_step = torch.autograd.grad((value * arriving).sum(), (x, step))

    expected = torch.zeros(4, dtype=torch.float64)
    for row in range(4):
        for column in range(6):
            ratio = float((x[row, column] / step[row, 0]).detach())
            if abs(round(ratio)) <= high:
                slope = round(ratio) - ratio
            else:
                slope = high if ratio > 0 else -high
            expected[row] += arriving[row, column] * slope / (6 * high) ** 0.5
    torch.testing.assert_close(for_step.squeeze(-1), expected)
    torch.testing.assert_close(for_x, arriving * inside)
    assert not inside.all()


def test_the_rotation_trick_turns_gradients_by_the_rotation_that_makes_the_code(generator):
    """g = û becomes u, and angles between gradients are kept, which no other pullback does."""
    v = normal(5, 3, 4, generator=generator).requires_grad_()
    m = v.detach().norm(dim=-2)
    code = torch.nn.functional.normalize(v.detach() + 0.5 * normal(5, 3, 4, generator=generator), dim=-2)
    decoded = 1.5 * m
    value = decoded.unsqueeze(-2) * code

    def back(g):
        return torch.autograd.grad((pullback.rotated(v, m, value, decoded, code) * g).sum(), v)[0]

    torch.testing.assert_close(back(code), 1.5 * v.detach() / m.unsqueeze(-2))
    one, other = normal(5, 3, 4, generator=generator), normal(5, 3, 4, generator=generator)
    torch.testing.assert_close((back(one) * back(other)).sum(-2), 2.25 * (one * other).sum(-2))
    coefficients = pullback.geometric_coefficients(v.detach(), m, decoded, code, m > 0)
    (geometric,) = torch.autograd.grad((pullback.polar(v, value, *coefficients) * one).sum(), v)
    assert (geometric.norm(dim=-2) - 1.5 * one.norm(dim=-2)).abs().max() > 0.1


def test_the_polar_pullback_passes_the_check_of_second_derivatives(generator):
    v = normal(2, 3, 4, generator=generator).requires_grad_()
    m = v.detach().norm(dim=-2)
    direction = normal(2, 3, 4, generator=generator)
    direction = direction / direction.norm(dim=-2, keepdim=True)
    coefficients = pullback.geometric_coefficients(v.detach(), m, m.round(decimals=1), direction, m < 2)

    def gradient(arriving):
        value = pullback.polar(v, torch.ones_like(v), *coefficients)
        return torch.autograd.grad(value, v, arriving, create_graph=True)[0]

    arriving = normal(2, 3, 4, generator=generator).requires_grad_()
    assert torch.autograd.gradcheck(gradient, (arriving,))
    assert torch.autograd.gradgradcheck(gradient, (arriving,))


def test_a_perfect_code_passes_the_gradient_unchanged(generator):
    """In the limit of fine codes nothing is left of the quantizer: g → g."""
    v = normal(5, 3, 4, generator=generator).requires_grad_()
    m = v.detach().norm(dim=-2)
    inside = torch.ones_like(m, dtype=torch.bool)
    coefficients = pullback.geometric_coefficients(v.detach(), m, m, v.detach() / m.unsqueeze(-2), inside)
    arriving = normal(5, 3, 4, generator=generator)
    value = pullback.polar(v, v.detach().clone(), *coefficients)
    torch.testing.assert_close(torch.autograd.grad(value, v, arriving)[0], arriving)
