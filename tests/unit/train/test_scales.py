"""SmoothQuant and AWQ: the float network stays, and rounding costs less."""

from __future__ import annotations

import pytest
import torch

from gaq.model.forces import energy_and_forces
from gaq.quant.install import preset
from gaq.train.activity import linears
from gaq.train.frames import prepare
from gaq.train.ptq import prepare_
from gaq.train.session import quantize
from tiny import batch_of, config, dataset, molecules, network


def forces(model):
    return energy_and_forces(model, batch_of(molecules()))[1]


@pytest.mark.parametrize("recipe", ["smoothquant", "awq-w4"])
def test_what_the_float_network_computes_stays(recipe):
    model = network(config(degrees=2), torch.float64)
    for layer in model.layers:
        layer.update.limits = layer.update.limits.double()
    before, weights = forces(model), [layer.weight.clone() for layer in linears(model).values()]
    prepare_(model, preset(recipe), prepare(dataset(4), 5.0))
    assert (forces(model) - before).abs().max() < 1e-10
    changed = [not torch.allclose(w, layer.weight) for w, layer in zip(weights, linears(model).values(), strict=True)]
    assert sum(changed) > len(changed) / 2


def uneven(scale):
    """A network some of whose channels carry much more than others, as in trained ones; what it computes is usual."""

    model = network(config(channels=16, hidden=16))
    for stream in model.streams():
        stream.scale_(torch.where(torch.arange(16) % 8 == 0, 1 / scale, 1.0))
    return model


@pytest.mark.parametrize(("recipe", "plain"), [("smoothquant", "int8-per-tensor"), ("awq-w4", "rounded-w4")])
def test_uneven_channels_are_rounded_better(recipe, plain):
    from dataclasses import replace

    treated = preset(recipe)
    untreated = replace(treated, name=plain, ptq_passes=())
    model = uneven(30.0)
    exact = forces(model)
    with_scales, without = (forces(quantize(model, r, molecules())) for r in (treated, untreated))
    assert (with_scales - exact).square().mean() < 0.25 * (without - exact).square().mean()
