"""Quantizers switch on when their rule says so, and not before."""

from __future__ import annotations

import pytest

from gaq.quant.install import install_
from gaq.quant.presets import gaq_w4a8
from gaq.quant.slot import Role
from gaq.train.stages import set_stage_
from tiny import config, network

LATE = (Role.VECTOR_WEIGHT, Role.VECTOR_FEATURE)


@pytest.mark.parametrize(("epoch", "complete"), [(0, False), (3, False), (4, True), (9, True)])
def test_vectors_come_after_the_warm_up(epoch, complete):
    model, recipe = network(config(degrees=2)), gaq_w4a8(warmup=4)
    install_(model.quantizers(), recipe)
    assert set_stage_(model.quantizers(), recipe, epoch) is complete
    for quantizer in model.quantizers():
        assert quantizer.active is (complete or quantizer.slot.role not in LATE), quantizer.slot.name
    assert any(q.slot.role in LATE for q in model.quantizers())
