"""The envelope ends smoothly, and the radial basis covers the range it says."""

from __future__ import annotations

import math

import pytest
import torch

from gaq.geometry.radial import bessel, envelope, exponential_basis, xplor

CUTOFF = 5.0


def derivatives(distance: float) -> list[float]:
    """Value, first, second and third derivative of the envelope."""
    r = torch.tensor(distance, dtype=torch.float64, requires_grad=True)
    found = [envelope(r, CUTOFF)]
    for _ in range(3):
        found.append(torch.autograd.grad(found[-1], r, create_graph=True)[0])
    return [f.item() for f in found]


def test_the_envelope_is_one_at_contact_and_falls():
    r = torch.linspace(0, 7, 200, dtype=torch.float64)
    values = envelope(r, CUTOFF)
    assert values[0] == 1
    assert (values.diff() <= 1e-15).all()
    assert (values[r >= CUTOFF] == 0).all()
    assert values[r < 4.9].min() > 0


def test_value_and_two_derivatives_vanish_at_the_cutoff():
    """The third does not: 1 − 28x⁶ + 48x⁷ − 21x⁸ has −336 there, so that nothing is zero by accident."""
    value, first, second, third = derivatives(CUTOFF - 1e-9)
    assert abs(value) < 1e-14
    assert abs(first) < 1e-12
    assert abs(second) < 1e-7
    assert third == pytest.approx(-336 / CUTOFF**3, rel=1e-6)
    assert derivatives(CUTOFF + 1e-9) == [0, 0, 0, 0]


def test_the_envelope_is_its_polynomial():
    for x in (0.1, 0.5, 0.9):
        expected = 1 - 28 * x**6 + 48 * x**7 - 21 * x**8
        assert envelope(torch.tensor(x * CUTOFF, dtype=torch.float64), CUTOFF).item() == pytest.approx(expected)


@pytest.mark.parametrize("count", [4, 16, 32])
def test_every_function_of_the_basis_has_its_peak_of_one(count):
    """The k-th centre μ_k lies at r = −ln(μ_k) cutoff / 5, between the cutoff and zero."""
    low = math.exp(-5)
    centres = torch.tensor([low + (1 - low) * k / (count - 1) for k in range(count)], dtype=torch.float64)
    peaks = -torch.log(centres) * CUTOFF / 5
    values = exponential_basis(peaks, CUTOFF, count)
    assert (values.diagonal() - 1).abs().max() < 1e-12
    assert peaks[0] == pytest.approx(CUTOFF)
    assert peaks[-1].abs() < 1e-12


def test_the_basis_is_between_zero_and_one_and_covers_the_range():
    r = torch.linspace(0, CUTOFF, 500, dtype=torch.float64)
    values = exponential_basis(r, CUTOFF, 16)
    assert values.shape == (500, 16)
    assert values.min() >= 0
    assert values.max() <= 1
    assert values.sum(-1).min() > 0.9, "no distance is out of sight"
    assert torch.linalg.matrix_rank(values) == 16


def test_the_basis_in_float32_is_that_in_float64():
    r = torch.rand(20, dtype=torch.float64) * CUTOFF
    assert exponential_basis(r.float(), CUTOFF, 8).dtype == torch.float32
    assert (exponential_basis(r.float(), CUTOFF, 8) - exponential_basis(r, CUTOFF, 8)).abs().max() < 1e-5


def test_gradients():
    r = torch.tensor([0.9, 2.0, 4.999], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: exponential_basis(x, CUTOFF, 6), r)
    assert torch.autograd.gradcheck(lambda x: envelope(x, CUTOFF), r)
    assert torch.autograd.gradgradcheck(lambda x: envelope(x, CUTOFF), r)


def test_bessel_functions_are_orthogonal_with_weight_r_squared_and_end_at_zero():
    r = torch.linspace(1e-6, 5.0, 20001, dtype=torch.float64)
    frequencies = torch.arange(1, 9, dtype=torch.float64) * torch.pi / 5.0
    functions = bessel(r, frequencies, 5.0)
    assert functions[-1].abs().max() < 1e-12
    gram = torch.trapezoid(functions[:, :, None] * functions[:, None, :] * r.square()[:, None, None], r, dim=0)
    assert (gram - torch.eye(8, dtype=torch.float64) * 0.4).abs().max() < 1e-6


def test_xplor_is_one_then_falls_to_zero_with_a_continuous_slope():
    r = torch.linspace(0.5, 5.5, 5001, dtype=torch.float64, requires_grad=True)
    ending = xplor(r, 4.5, 5.0)
    (slope,) = torch.autograd.grad(ending.sum(), r)
    assert (ending[r <= 4.5] == 1).all()
    assert (ending[r >= 5.0] == 0).all()
    assert (ending.diff() <= 0).all()
    assert slope.diff().abs().max() < 0.1, "a jump would be of the size of the slope"
    assert float(slope.abs().max()) > 1
