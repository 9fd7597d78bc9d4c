"""Messages are invariants times harmonics: vectors stay on their atom until they have become invariants."""

from __future__ import annotations

import pytest
import torch

from gaq.geometry.harmonics import wigner
from gaq.geometry.rotations import random_rotations
from gaq.model.flow import Flow
from gaq.model.geometry import Gauge
from tiny import batch_of, config, molecules, network, painn


@pytest.fixture
def draw(seed) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@torch.no_grad()
def changed_atoms(model, index: int) -> set[int]:
    """The atoms that layer `index` gives other features when the vectors of the first atom before it are others."""
    geometry, flow = model.enter(batch_of(molecules()[:1]))
    for k in range(index):
        flow = model.block(k, flow, geometry)
    before = model.block(index, flow, geometry)
    vectors = tuple(torch.cat([v[:1] + 1, v[1:]]) for v in flow.vectors)
    after = model.block(index, Flow(flow.scalars, vectors), geometry)
    differences = (after.scalars - before.scalars, *(a - b for a, b in zip(after.vectors, before.vectors, strict=True)))
    return {int(k) for difference in differences for k in difference.flatten(1).abs().amax(-1).nonzero()}


@pytest.mark.parametrize("degrees", [1, 2, 3])
def test_vectors_of_an_atom_change_no_other_atom_in_a_layer(degrees):
    model = network(config(degrees=degrees, layers=3), torch.float64)
    assert all(changed_atoms(model, index) == {0} for index in range(3))


def test_those_that_painn_sends_do():
    model = network(painn(layers=3), torch.float64)
    assert changed_atoms(model, 1) == set(range(9))


@pytest.mark.parametrize("degrees", [1, 2, 3])
def test_what_is_received_turns_with_the_structure(degrees, draw):
    model = network(config(degrees=degrees), torch.float64)
    batch, (rotation,) = batch_of(molecules()[:1]), random_rotations(1, draw)
    found = []
    for one in (batch, batch.rotated(rotation[None])):
        geometry, flow = model.enter(one)
        layer = model.layers[0]
        weight, sent = layer.attention(flow.scalars, geometry)
        found.append(layer.message(sent, layer.factors(weight, geometry), geometry))
    (scalars, vectors), (turned_scalars, turned) = found
    assert torch.allclose(scalars, turned_scalars, rtol=0, atol=1e-12)
    for degree, (v, there) in enumerate(zip(vectors, turned, strict=True), start=1):
        assert torch.allclose(wigner(rotation, degree) @ v, there, rtol=0, atol=1e-12)
        assert (v - there).abs().max() > 1e-2


def test_nothing_is_carried_between_frames():
    batch = batch_of(molecules()[:1])
    assert network(config()).enter(batch, Gauge.LOCAL)[0].transport is None
    assert network(painn()).enter(batch, Gauge.LOCAL)[0].transport is not None
