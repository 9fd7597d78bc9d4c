"""Steps that are learned."""

from __future__ import annotations

import pytest
import torch

from gaq.quant.methods.lsq import FreelyLearned
from gaq.quant.observe import MeanMagnitude
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot
from gaq.quant.spec import Uniform
from gaq.quant.wrappers import Learned

SCALARS = Slot("layers.1.update.hidden.input", Role.SCALAR_FEATURE, (None, 32))


@pytest.fixture
def x(seed):
    return torch.randn(50, 32, generator=torch.Generator().manual_seed(seed))


def calibrated(spec, observer, x):
    quantizer = Quantizer(SCALARS)
    quantizer.install(spec, observer)
    quantizer.observing = True
    quantizer(x)
    quantizer.finish_calibration()
    return quantizer


def test_lsq_starts_at_twice_the_mean_magnitude(x):
    scheme = calibrated(Learned(Uniform(4)), MeanMagnitude(), x)
    assert float(scheme.calibrated.start) == pytest.approx(2 * float(x.abs().mean()) / 7**0.5, rel=1e-5)


@pytest.mark.parametrize(("spec", "share"), [(Learned(Uniform(8)), 1.02), (FreelyLearned(Uniform(8)), 1.2)])
def test_a_step_moves_with_its_parameter(spec, share, x):
    scheme = calibrated(spec, MeanMagnitude(), x).calibrated
    before = scheme.step().clone()
    with torch.no_grad():
        scheme.factor.add_(0.02)
    assert torch.allclose(scheme.step(), share * before, rtol=1e-6)
    assert torch.equal(scheme(x).scale, scheme.step())
    with torch.no_grad():
        scheme.factor.fill_(-5.0)
    assert torch.allclose(scheme.step(), 0.01 * before), "it cannot reach zero"
