"""Scales that are folded in leave the network what it was; the control scales one reader too few."""

from __future__ import annotations

import pytest
import torch

from gaq.model.forces import energy_and_forces
from tiny import batch_of, config, molecules, nequip, network, painn


def forces(model):
    return energy_and_forces(model, batch_of(molecules()))[1]


@pytest.mark.parametrize("degrees", [1, 2, 3])
def test_every_stream_takes_any_scale(degrees, seed):
    model = network(config(degrees=degrees), torch.float64)
    for layer in model.layers:
        layer.update.limits = layer.update.limits.double()
    before, draw = forces(model), torch.Generator().manual_seed(seed)
    found = list(model.streams())
    assert len(found) == 2 + 2
    for stream in found:
        weights = [layer.weight.clone() for layer, _ in stream.readers]
        scale = torch.exp(torch.randn(8, generator=draw, dtype=torch.float64))
        stream.scale_(scale)
        assert all(not torch.equal(w, layer.weight) for w, (layer, _) in zip(weights, stream.readers, strict=True))
        assert (forces(model) - before).abs().max() < 1e-10


def test_every_stream_of_painn_takes_any_scale(seed):
    model = network(painn(layers=3), torch.float64)
    before, draw = forces(model), torch.Generator().manual_seed(seed)
    found = list(model.streams())
    assert len(found) == 2
    for stream in found:
        stream.scale_(torch.exp(torch.randn(8, generator=draw, dtype=torch.float64)))
        assert (forces(model) - before).abs().max() < 1e-10


@pytest.mark.parametrize("self_connection", ["species", "linear"])
@pytest.mark.parametrize("parities", ["both", "natural", "ignored"])
def test_every_stream_of_nequip_takes_any_scale(parities, self_connection, seed):
    model = network(nequip(layers=3, parities=parities, self_connection=self_connection), torch.float64)
    before, draw = forces(model), torch.Generator().manual_seed(seed)
    found = list(model.streams())
    assert len(found) >= 3 * 3
    for stream in found:
        layer, inputs = stream.readers[0]
        width = layer.weight[:, inputs].shape[1]
        stream.scale_(torch.exp(torch.randn(width, generator=draw, dtype=torch.float64)))
        assert (forces(model) - before).abs().max() < 1e-10


def test_a_reader_that_is_forgotten_would_show():
    model = network(config(), torch.float64)
    before = forces(model)
    for stream in model.streams():
        stream.scale_(torch.full((8,), 1.5, dtype=torch.float64))
        layer, inputs = stream.readers[-1]
        with torch.no_grad():
            layer.weight[:, inputs] /= 1.5
        assert (forces(model) - before).abs().max() > 1e-3
        with torch.no_grad():
            layer.weight[:, inputs] *= 1.5
