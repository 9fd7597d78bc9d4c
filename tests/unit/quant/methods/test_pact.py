"""Ranges that are learned: what moves them, and what draws them back."""

from __future__ import annotations

import pytest
import torch

from gaq.quant.learned import LearnedStep
from gaq.quant.methods.pact import RANGE_DECAY, LearnedClip, LearnedRange
from gaq.quant.observe import AbsMax, Percentile
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


def test_only_what_is_clipped_moves_a_learned_range(x):
    """dL/dα = Σ sgn(x) g over |x| > α; the parameter is the range in units of its start."""
    scheme = calibrated(LearnedRange(Uniform(4)), Percentile(90.0), x)
    assert isinstance(scheme.calibrated, LearnedClip)
    arriving = torch.randn(x.shape, generator=torch.Generator().manual_seed(9))
    (scheme(x).value * arriving).sum().backward()
    step = float(scheme.calibrated.start)
    outside = (x / step).round().abs() > 7
    assert 50 < outside.sum() < 400
    expected = (arriving * x.sign())[outside].sum() * step * 7
    torch.testing.assert_close(scheme.calibrated.factor.grad, expected.reshape(1))


def test_a_learned_step_hears_what_is_inside_too(x):
    clip = calibrated(LearnedRange(Uniform(4)), AbsMax(), x)
    step = calibrated(Learned(Uniform(4)), AbsMax(), x)
    assert type(step.calibrated) is LearnedStep
    for scheme in (clip, step):
        scheme(x).value.sum().backward()
    assert clip.calibrated.factor.grad == 0, "nothing is clipped"
    assert step.calibrated.factor.grad != 0


def test_a_learned_range_owes_for_its_size_and_only_to_who_asks(x):
    scheme = calibrated(LearnedRange(Uniform(8)), AbsMax(), x)
    scheme(x)
    scheme.calibrated.auxiliary_losses = []
    with torch.no_grad():
        scheme.calibrated.factor.fill_(3.0)
    scheme(x)
    (penalty,) = scheme.calibrated.auxiliary_losses
    assert float(penalty.detach()) == pytest.approx(9 * RANGE_DECAY)
    penalty.backward()
    assert float(scheme.calibrated.factor.grad) == pytest.approx(6 * RANGE_DECAY)
