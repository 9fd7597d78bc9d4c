"""Rung 1 for scalars: both engines give every float the same code, for every uniform scheme.

A code never descends as its number grows, so two schemes that agree on both floats beside each of their steps agree on
every finite float between. Those floats are found by bisection on the bits.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from gaq.quant.scheme import SMALLEST, decode_uniform, dynamic_steps, encode_uniform
from gaq.quant.spec import Uniform
from parity.floats import at_place, beside_steps, place_of
from parity.slotted import SCALARS, VECTORS, Scheme, assert_same, slotted

ALL_BITS = range(2, 17)
DYNAMIC_BITS = (2, 4, 7, 8, 11, 16)
# Powers of two, where products tie; steps whose inverse is inexact; the smallest and largest that a file may hold.
STEPS = (1.0, 2.0**-7, 0.1, 1 / 3, 3e-5, 777.0, 1e-37, 1e37)
LARGEST = (1.0, 127.0, 0.1, 3.3e-5, SMALLEST, 1e-29, 3e38)
SPECIAL = torch.tensor([0.0, -0.0, 1e-45, -1e-45, 1.1754944e-38, -1e-30, 1.0, -1.0])


def drawn_sizes(count: int, seed: int) -> list[float]:
    """Numbers with mantissas and exponents at random."""
    draw = np.random.default_rng(seed)
    return [float(x) for x in np.exp(draw.uniform(-20, 5, count)).astype(np.float32)]


def every_code(bits: int) -> torch.Tensor:
    """Those that are reached from below: all but the lowest."""
    high = Uniform(bits).high
    return torch.arange(1 - high, high + 1)


@pytest.mark.parametrize("bits", ALL_BITS)
def test_a_fixed_step_has_the_same_code_on_every_float(bits, seed):
    schemes = [Scheme(Uniform(bits), step) for step in (*STEPS, *drawn_sizes(4, seed + bits))]
    for slot in slotted(schemes):
        fitted, high = slot.quantizer.calibrated, slot.scheme.spec.high
        edges = beside_steps(lambda x, f=fitted, h=high: encode_uniform(x, f.inverse_step, h), every_code(bits))
        probes = torch.cat((edges, SPECIAL, at_place(torch.tensor([-0x7F7FFFFF, 0x7F7FFFFF]))))
        expected = assert_same(slot, probes[None])
        if slot.scheme.step < 1e30:  # beyond, the largest codes are of numbers that a float cannot hold
            assert set(np.unique(expected.codes)) == set(range(-high, high + 1)), "every code was decoded"
            below, above = expected.codes[0, : len(edges)].reshape(2, -1)
            assert (above == below + 1).all(), "both floats beside every step"


@pytest.mark.parametrize("bits", DYNAMIC_BITS)
@pytest.mark.parametrize("per", ["row", "atom", "vector"])
def test_a_step_from_the_data_has_the_same_code_on_every_float(bits, per, seed):
    below = at_place(place_of(torch.tensor(SMALLEST)) - 1).item()
    sizes = (*LARGEST, below, *drawn_sizes(4, seed + bits))
    where = {"row": (SCALARS, VECTORS), "atom": (SCALARS, VECTORS), "vector": (VECTORS,)}[per]
    for role in where:
        (slot,) = slotted([Scheme(Uniform(bits, per=per))], role)
        for largest in sizes:
            assert_same(slot, features(per, role, probes_up_to(largest, bits), largest))


def probes_up_to(largest: float, bits: int) -> torch.Tensor:
    """Both floats beside every step of the scheme of a row whose largest entry this is."""
    high = Uniform(bits).high
    inverse = dynamic_steps(torch.tensor([largest]), (0,), high).inverse_step
    edges = beside_steps(lambda x: encode_uniform(x, inverse, high), every_code(bits), largest)
    return torch.cat((edges, SPECIAL[SPECIAL.abs() <= largest], torch.tensor([-largest])))


def features(per: str, role: object, probes: torch.Tensor, largest: float) -> torch.Tensor:
    """Features [1, channel] or [1, 3, channel] in which the largest entry sets the step of the probes."""
    top = torch.tensor([largest])
    if role is SCALARS:
        return torch.cat((probes, top))[None]
    if per == "vector":  # each channel has a step of its own
        return torch.stack((probes, top.expand_as(probes), -probes))[None]
    rows = torch.cat((probes, top)).expand(3, -1)
    small = rows * torch.tensor([[1.0], [0.5], [2.0**-20]]) if per == "atom" else rows.flip(1)
    return small[None].contiguous()


def half_away(x, step, inverse, high):
    scaled = x * inverse
    return torch.trunc(scaled + torch.copysign(torch.tensor(0.5), scaled)).clamp(-high, high)


WRONG = {
    "ties away from zero": half_away,
    "a division in place of the product": lambda x, step, inverse, high: torch.round(x / step).clamp(-high, high),
    "a range that is not symmetric": lambda x, step, inverse, high: torch.round(x * inverse).clamp(-high - 1, high),
    "a product in float64": lambda x, step, inverse, high: (
        torch.round(x.double() * inverse.double()).clamp(-high, high).float()
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_scheme_that_is_nearly_the_same_would_be_noticed(wrong, seed):
    differing = 0
    for bits, step in itertools.product((4, 8, 16), (*STEPS, *drawn_sizes(4, seed))):
        single, high = torch.tensor(step, dtype=torch.float32), Uniform(bits).high
        inverse = 1 / single
        probes = beside_steps(lambda x, i=inverse, h=high: encode_uniform(x, i, h), every_code(bits))
        probes = torch.cat((probes, torch.tensor([-3e38, 3e38])))
        differing += int((WRONG[wrong](probes, single, inverse, high) != encode_uniform(probes, inverse, high)).sum())
    assert differing > 0


def test_decoding_is_one_product():
    """All codes of sixteen bits with a step that is no power of two: what `assert_same` compares to the bit."""
    codes, step = torch.arange(-32767.0, 32768), torch.tensor(0.1)
    assert (decode_uniform(codes, step) != (codes.double() * step.double())).any(), "it rounds, so bits can differ"
