"""Channels mixed before rounding: exact where nothing is rounded, better where one channel is an outlier."""

from __future__ import annotations

import pytest
import torch

from gaq.quant.methods.quarot import Mixed, hadamard
from gaq.quant.observe import AbsMax
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot
from gaq.quant.spec import Uniform
from gaq.quant.wrappers import Learned

WEIGHT = Slot("layers.1.update.hidden.weight", Role.SCALAR_WEIGHT, (16, 32))


@pytest.mark.parametrize("size", [1, 2, 7, 8, 10, 24, 64])
def test_the_matrix_is_orthogonal_symmetric_and_flat_in_its_blocks(size):
    matrix = hadamard(size).double()
    torch.testing.assert_close(matrix @ matrix, torch.eye(size, dtype=torch.float64), rtol=0, atol=1e-6)
    assert torch.equal(matrix, matrix.t())
    block = size & -size
    assert matrix.abs()[matrix != 0].unique().tolist() == pytest.approx([block**-0.5])
    assert int((matrix[0] != 0).sum()) == block


@pytest.mark.parametrize("learn", [False, True])
def test_an_outlier_costs_less_when_it_is_spread(learn, seed):
    weight = torch.randn(16, 32, generator=torch.Generator().manual_seed(seed))
    weight[:, 3] *= 20
    errors = []
    for rotate in (True, False):
        scheme = Quantizer(WEIGHT)
        plain = Learned(Uniform(8, per="channel")) if learn else Uniform(8, per="channel")
        scheme.install(Mixed(plain) if rotate else plain, AbsMax())
        scheme.observing = True
        scheme(weight)
        scheme.finish_calibration()
        found = scheme(weight)
        assert (found.codes is None) is rotate
        errors.append(float((found.value - weight).detach().square().mean()))
    assert errors[0] < 0.5 * errors[1]
