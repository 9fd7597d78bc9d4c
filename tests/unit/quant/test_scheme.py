"""The one-dimensional schemes are staircases: found step by step by bisection on the bits of the floats."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gaq.quant.scheme import (
    SMALLEST,
    dynamic_steps,
    encode_component_direction,
    encode_linear_magnitude,
    encode_logarithmic_magnitude,
    encode_uniform,
    following_steps,
    logarithmic_levels,
    magnitude,
)


def ordered(bits):
    """The float32 whose place in the order of all floats is `bits` (negative numbers below zero)."""
    negative = bits < 0
    pattern = torch.where(negative, -bits, bits).to(torch.int32).view(torch.float32)
    return torch.where(negative, -pattern, pattern)


def step_edges(scheme, codes):
    """For each code but the first, the two neighbouring floats between which the scheme reaches it."""
    low = torch.full((len(codes) - 1,), -0x7F7FFFFF, dtype=torch.int64)
    high = torch.full_like(low, 0x7F7FFFFF)
    while ((high - low) > 1).any():
        middle = (low + high) // 2
        reached = scheme(ordered(middle)) >= codes[1:]
        low, high = torch.where(reached, low, middle), torch.where(reached, middle, high)
    return ordered(low), ordered(high)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("step", [1.0, 0.1, 3e-5, 777.0])
def test_uniform_is_a_staircase_with_steps_halfway(bits, step):
    high = 2 ** (bits - 1) - 1
    single = torch.tensor(step)
    codes = torch.arange(-high, high + 1)
    below, above = step_edges(lambda x: encode_uniform(x, 1 / single, high), codes)
    assert torch.equal(encode_uniform(below, 1 / single, high), codes[:-1].float())
    assert torch.equal(encode_uniform(above, 1 / single, high), codes[1:].float())
    torch.testing.assert_close(above.double(), (codes[1:].double() - 0.5) * step, rtol=1e-6, atol=1e-7 * step)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_logarithmic_magnitudes_are_a_staircase_between_the_levels(bits):
    high = 2**bits - 1
    levels, thresholds = logarithmic_levels(high)
    one = torch.tensor(1.0)
    codes = torch.arange(high + 1)
    below, above = step_edges(lambda m: encode_logarithmic_magnitude(m, one, thresholds), codes)
    assert torch.equal(encode_logarithmic_magnitude(below, one, thresholds), codes[:-1].float())
    assert torch.equal(above, thresholds)
    assert ((levels[:-1] < above) & (above < levels[1:])).all()
    assert levels[0] == 0
    assert levels[-1] == 1


def test_ties_go_to_even():
    one = torch.tensor(1.0)
    halves = torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5, -2.5])
    assert encode_uniform(halves, one, 7).tolist() == [0, 2, 2, 0, -2, -2]
    assert encode_linear_magnitude(halves[:3], one, 15).tolist() == [0, 2, 2]


def test_large_numbers_are_clamped_on_both_sides():
    one = torch.tensor(1.0)
    assert encode_uniform(torch.tensor([1e30, -1e30]), one, 7).tolist() == [7, -7]
    assert encode_linear_magnitude(torch.tensor([1e30]), one, 15).tolist() == [15]


def test_dynamic_steps_reach_the_largest_entry_of_each_row():
    x = torch.tensor([[1.0, -3.0], [0.0, 0.0], [SMALLEST / 2, 0.0]])
    steps = dynamic_steps(x, (-1,), 127)
    assert steps.step.shape == (3, 1)
    assert encode_uniform(x, steps.inverse_step, 127).tolist() == [[42, -127], [0, 0], [0, 0]]


def test_steps_that_follow_double_when_the_weight_doubles(seed):
    weight = torch.randn(4, 8, generator=torch.Generator().manual_seed(seed))
    ratio = torch.full((4, 1), 0.75)
    once, twice = (following_steps(w, (-1,), 7, ratio) for w in (weight, 2 * weight))
    assert torch.equal(2 * once.step, twice.step)
    torch.testing.assert_close(once.step, 0.75 * weight.abs().amax(-1, keepdim=True) / 7)
    zero = following_steps(0 * weight, (-1,), 7, ratio)
    assert torch.equal(zero.inverse_step, torch.zeros(4, 1))


def test_the_magnitude_adds_from_first_to_last():
    """The brackets matter: 1 + 2⁻²⁴ + 2⁻²⁴ in float32 is 1 from the left and more than 1 from the right."""
    small = 2.0**-12
    v = torch.tensor([1.0, small, small])
    x, y, z = v * v
    assert magnitude(v.reshape(1, 3, 1)) == torch.sqrt((x + y) + z)
    assert (x + y) + z != x + (y + z)
    five = torch.arange(1.0, 6.0).reshape(1, 5, 1)
    assert magnitude(five).item() == pytest.approx(55**0.5)


def test_components_of_a_zero_vector_are_zero():
    v = torch.zeros(2, 3, 1)
    assert torch.equal(encode_component_direction(v, magnitude(v), 127), v)


@pytest.mark.parametrize("high", [1, 127, 32767])
def test_dynamic_steps_are_rounded_as_ieee_754_says(high, rng):
    rows = rng.lognormal(sigma=3, size=(20_000, 1)).astype(np.float32)
    steps = dynamic_steps(torch.from_numpy(rows), (1,), high)
    np.testing.assert_array_equal(steps.inverse_step.numpy(), np.float32(high) / rows)
    np.testing.assert_array_equal(steps.step.numpy(), rows * np.float32(1 / high))
