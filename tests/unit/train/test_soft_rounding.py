from __future__ import annotations

import torch

from gaq.quant.install import preset
from gaq.train.session import quantize
from gaq.train.soft_rounding import SoftRounding
from tiny import config, molecules, network


def test_at_first_nothing_is_rounded_and_at_last_everything():
    model = quantize(network(config()), preset("w8"), molecules())
    layer = model.readout
    scheme = SoftRounding(layer)
    weight = layer.weight.detach()
    with torch.no_grad():
        assert (scheme(weight).value - weight).abs().max() < 1e-3 * weight.abs().max()
        nearest = layer.weight_quantizer(weight)
    assert torch.equal(scheme.hard(), nearest.codes)
    assert scheme.undecided(0.0) > 0.1
    with torch.no_grad():
        scheme.tilt.fill_(5.0)
    assert (scheme.up() == 1).all()
    assert float(scheme.undecided(1.0).detach()) == 0
    assert torch.equal(scheme.hard(), (scheme.down + 1).clamp(-127, 127))
