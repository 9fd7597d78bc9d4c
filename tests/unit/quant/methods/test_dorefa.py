"""Weights that are bent by a tangent before they are rounded."""

from __future__ import annotations

import torch

from gaq.quant.methods.dorefa import Squashed
from gaq.quant.observe import AbsMax
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot
from gaq.quant.spec import Uniform

WEIGHT = Slot("layers.1.update.hidden.weight", Role.SCALAR_WEIGHT, (16, 32))


def scheme(bits):
    quantizer = Quantizer(WEIGHT)
    quantizer.install(Squashed(Uniform(bits)), AbsMax())
    quantizer.finish_calibration()
    return quantizer


def test_the_codes_are_those_of_the_paper(seed):
    """DoReFa, eq. 9, with the levels of a symmetric code: round(high · tanh(w)/max|tanh(w)|)."""
    w = torch.randn(16, 32, generator=torch.Generator().manual_seed(seed))
    found = scheme(8)(w)
    curve = torch.tanh(w.double())
    exact = 127 * curve / curve.abs().max()
    settled = (exact - exact.floor() - 0.5).abs() > 1e-4
    assert torch.equal(found.codes[settled].double(), exact.round()[settled])
    assert float(found.value.abs().max()) <= float(w.abs().max()) * (1 + 1e-6)


def test_small_weights_are_hardly_bent(seed):
    w = 0.02 * torch.randn(16, 32, generator=torch.Generator().manual_seed(seed))
    plain = Quantizer(WEIGHT)
    plain.install(Uniform(8), AbsMax())
    plain.finish_calibration()
    assert (scheme(8)(w).codes - plain(w).codes).abs().max() <= 1


def test_weights_of_nothing_stay_nothing():
    w = torch.zeros(16, 32, requires_grad=True)
    value = scheme(4)(w).value
    assert (value == 0).all()
    value.sum().backward()
    assert torch.equal(w.grad, torch.ones_like(w))
