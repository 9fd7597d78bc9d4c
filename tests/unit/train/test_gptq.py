"""GPTQ against its own promise: the error of what a layer gives, not of the weight."""

from __future__ import annotations

from dataclasses import replace

import torch

from gaq.model.forces import energy_and_forces
from gaq.quant.install import preset
from gaq.train.activity import linears
from gaq.train.gptq import compensated
from gaq.train.session import quantize
from tiny import batch_of, config, molecules, network


def drawn(seed, outputs=8, inputs=16, rank=6):
    draw = torch.Generator().manual_seed(seed)
    weight = torch.randn(outputs, inputs, generator=draw, dtype=torch.float64)
    features = torch.randn(200, rank, generator=draw, dtype=torch.float64)
    features = features @ torch.randn(rank, inputs, generator=draw, dtype=torch.float64)
    features = features + 0.1 * torch.randn(200, inputs, generator=draw, dtype=torch.float64)
    return weight, features


def test_the_error_of_the_output_is_far_below_that_of_the_nearest_codes(seed):
    weight, x = drawn(seed)
    steps = (weight.abs().amax(-1, keepdim=True) / 7).expand_as(weight)
    codes = compensated(weight, x.t() @ x, steps, 7, 0.01)
    assert torch.equal(codes, codes.round())
    assert codes.abs().max() <= 7
    nearest = torch.round(weight / steps).clamp(-7, 7)

    def output_error(c):
        return float(((c * steps - weight) @ x.t()).square().sum())

    assert output_error(codes) < 0.5 * output_error(nearest)
    assert (codes * steps - weight).norm() > (nearest * steps - weight).norm(), "the weights themselves are farther off"


def test_inputs_that_do_not_hang_together_are_rounded_to_nearest(seed):
    weight, _ = drawn(seed)
    steps = torch.full_like(weight, 0.3)
    codes = compensated(weight, torch.diag(torch.arange(1.0, 17.0, dtype=torch.float64)), steps, 127, 0.01)
    assert torch.equal(codes, torch.round(weight / steps))


def test_networks_rounded_so_are_nearer_to_their_parents():
    """In the geometric mean: a layer is given the features of the float network, and one of them can come out worse."""
    recipe, batch = preset("gptq-w4"), batch_of(molecules())
    shares = []
    for seed in range(4):
        model = network(config(degrees=2, channels=32, hidden=32), seed=seed)
        exact = energy_and_forces(model, batch)[1]
        rounded = (quantize(model, one, molecules()) for one in (recipe, replace(recipe, ptq_passes=())))
        treated, nearest = ((energy_and_forces(m, batch)[1] - exact).square().mean() for m in rounded)
        shares.append(treated / nearest)
    assert torch.stack(shares).log().mean().exp() < 0.5


def test_a_network_rounded_so_keeps_its_codes():
    for name, layer in linears(quantize(network(config(degrees=2)), preset("gptq-w4"), molecules())).items():
        with torch.no_grad():
            found = layer.weight_quantizer(layer.weight)
        torch.testing.assert_close(found.value, layer.weight, rtol=1e-6, atol=0, msg=name)
