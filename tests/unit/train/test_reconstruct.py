"""AdaRound, QDrop and layer-by-layer distillation: nearer to the float network than before, on codes that hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from gaq.quant.install import preset
from gaq.train.activity import linears
from gaq.train.grid import has_grid
from gaq.train.session import quantize
from tiny import batch_of, config, molecules, network


def features(model):
    """Scalars and vectors behind the last layer."""
    with torch.no_grad():
        geometry, flow = model.enter(batch_of(molecules()))
        for block in range(model.config.layers):
            flow = model.block(block, flow, geometry)
    return (flow.scalars, *flow.vectors)


@pytest.mark.parametrize("name", ["adaround-w4", "qdrop", "zeroquant"])
def test_reconstruction_brings_features_nearer_to_those_of_the_float_network(name):
    recipe = preset(name)
    model = network(config())
    exact = features(model)

    def error(recipe):
        found = features(quantize(model, recipe, molecules()))
        return sum(float((a - b).square().sum() / b.square().sum()) for a, b in zip(found, exact, strict=True))

    assert error(recipe) < 0.7 * error(replace(recipe, ptq_passes=()))


def test_rounding_is_up_or_down_and_never_farther():
    recipe = preset("adaround-w4")
    model = network(config())
    treated, nearest = (quantize(model, r, molecules()) for r in (recipe, replace(recipe, ptq_passes=())))
    turned = 0
    for name, layer in linears(treated).items():
        assert has_grid(layer)
        plain = linears(nearest)[name]
        with torch.no_grad():
            ours, theirs = layer.weight_quantizer(layer.weight), plain.weight_quantizer(plain.weight)
        assert (ours.codes - theirs.codes).abs().max() <= 1
        torch.testing.assert_close(ours.scale, theirs.scale)
        turned += int((ours.codes != theirs.codes).sum())
    assert turned > 10
    assert all(q.bypass_mask is None for q in treated.quantizers())


def test_it_is_a_function_of_its_input_and_leaves_no_gradients():
    first, second = (quantize(network(config()), preset("qdrop"), molecules()) for _ in range(2))
    ours, theirs = first.state_dict(), second.state_dict()
    assert all(torch.equal(ours[k], theirs[k]) for k in ours)
    assert all(p.grad is None for p in first.parameters())
