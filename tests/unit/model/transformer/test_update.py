"""An update turns with its vectors, has products from degree 2 on, and gates of vectors where they are read."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gaq.geometry import coupling
from gaq.geometry.harmonics import wigner
from gaq.geometry.rotations import random_rotations
from gaq.geometry.vectors import length
from gaq.model.transformer.shapes import products_of, sections_of
from gaq.model.transformer.update import Update
from tiny import batch_of, config, molecules, network

ATOMS, CHANNELS = 9, 8


@pytest.fixture
def draw(seed) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def update_of(degrees: int, index: int = 0) -> Update:
    update = network(config(degrees=degrees), torch.float64).layers[index].update
    assert isinstance(update, Update)
    return update


def features(degrees: int, draw: torch.Generator) -> tuple[Tensor, tuple[Tensor, ...]]:
    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    return drawn(ATOMS, CHANNELS), tuple(drawn(ATOMS, 2 * k + 1, CHANNELS) for k in range(1, degrees + 1))


@torch.no_grad()
def difference(update: Update, draw: torch.Generator) -> float:
    """Largest difference between the update of turned features and turned updates."""
    geometry, _ = network(config(), torch.float64).enter(batch_of(molecules()[:1]))
    (s, v), (rotation,) = features(update.degrees, draw), random_rotations(1, draw)
    turns = [wigner(rotation, degree) for degree in range(1, update.degrees + 1)]
    after, vectors = update(s, v, geometry)
    there, turned = update(s, tuple(d @ x for d, x in zip(turns, v, strict=True)), geometry)
    parts = [after - there, *(d @ x - y for d, x, y in zip(turns, vectors, turned, strict=True))]
    return max(float(part.abs().max()) for part in parts)


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("degrees", [1, 2, 3])
def test_it_turns_with_its_vectors(degrees, index, draw):
    assert difference(update_of(degrees, index), draw) < 1e-11


def test_with_a_wrong_coefficient_it_would_not(draw, monkeypatch):
    wrong = coupling.VECTORS_TO_TENSOR._replace(entries=coupling.VECTORS_TO_TENSOR.entries[1:])
    monkeypatch.setattr(coupling, "COUPLINGS", (coupling.COUPLINGS[0], wrong, coupling.COUPLINGS[2]))
    assert difference(update_of(2), draw) > 1e-3


@pytest.mark.parametrize(("degrees", "read", "last"), [(1, 3, 2), (2, 7, 3), (3, 9, 4)])
def test_how_wide_it_is(degrees, read, last):
    assert products_of(degrees) == (0 if degrees == 1 else 2)
    assert sections_of(degrees) == sections_of(degrees, gates=True) == read
    assert sections_of(degrees, last=True) == read
    assert sections_of(degrees, last=True, gates=True) == last
    first, end = update_of(degrees, 0), update_of(degrees, 1)
    assert first.hidden.weight.shape == end.hidden.weight.shape == (8, read * CHANNELS)
    assert first.gates.weight.shape == (read * CHANNELS, 8)
    assert end.gates.weight.shape == (last * CHANNELS, 8)


def test_the_last_one_leaves_vectors_as_they_are(draw):
    geometry, _ = network(config(), torch.float64).enter(batch_of(molecules()[:1]))
    s, v = features(2, draw)
    assert all(x is y for x, y in zip(update_of(2, 1)(s, v, geometry)[1], v, strict=True))
    assert all((x != y).all() for x, y in zip(update_of(2, 0)(s, v, geometry)[1], v, strict=True))


def test_products_grow_vectors_of_degrees_one_and_two(draw):
    """By the gates of products alone, which are held at one: they grow with the square of the vectors."""
    update, (s, v) = update_of(3), features(3, draw)
    geometry, _ = network(config(), torch.float64).enter(batch_of(molecules()[:1]))
    with torch.no_grad():
        update.gates.weight.zero_()
        update.gates.bias.zero_()
        update.gates.bias[7 * CHANNELS :] = 1.0
        update.limits.fill_(1e9)

    def growth(x: tuple[Tensor, ...]) -> list[Tensor]:
        return [after - before for after, before in zip(update(s, x, geometry)[1], x, strict=True)]

    once, twice = growth(v), growth(tuple(2 * x for x in v))
    for one, two in zip(once[:2], twice[:2], strict=True):
        assert torch.allclose(4 * one, two, rtol=1e-9, atol=1e-12)
        assert one.abs().max() > 0.1
    assert bool((once[2] == 0).all())


@pytest.mark.parametrize("index", [0, 1])
def test_nothing_grows_beyond_its_limit(index, draw):
    update, (s, v) = update_of(2, index), features(2, draw)
    geometry, _ = network(config(), torch.float64).enter(batch_of(molecules()[:1]))
    after, vectors = update(s, tuple(1e3 * x for x in v), geometry)
    assert (after.abs() <= update.limits[0] * (1 + 1e-6)).all()
    assert after.abs().max() > 1
    if not update.last:
        assert all((length(x, -2) <= update.limits[1] * (1 + 1e-6)).all() for x in vectors)
    update.limits.fill_(1e9)
    assert update(s, tuple(1e3 * x for x in v), geometry)[0].abs().max() > 1e3
