"""Products of features turn with their factors, and of harmonics are harmonics."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gaq.geometry.coupling import COUPLINGS, TENSORS_TO_TENSOR, VECTORS_TO_TENSOR, Coupling, coupled, products
from gaq.geometry.harmonics import harmonics, wigner
from gaq.geometry.rotations import random_rotations

EACH = pytest.mark.parametrize("coupling", COUPLINGS, ids=lambda c: f"{c.a}{c.b}{c.c}")
CHANNELS = 5


@pytest.fixture
def draw(seed) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def features(degree: int, draw: torch.Generator, atoms: int = 40) -> Tensor:
    return torch.randn(atoms, 2 * degree + 1, CHANNELS, generator=draw, dtype=torch.float64)


def directions(count: int, draw: torch.Generator) -> Tensor:
    v = torch.randn(count, 3, dtype=torch.float64, generator=draw)
    return v / v.norm(dim=-1, keepdim=True)


def difference(coupling: Coupling, rotations: Tensor, x: Tensor, y: Tensor) -> float:
    """Largest difference between the product of turned factors and the turned product."""
    turn = {degree: wigner(rotations, degree) for degree in (coupling.a, coupling.b, coupling.c)}
    turned = coupled(coupling, turn[coupling.a] @ x, turn[coupling.b] @ y)
    return float((turned - turn[coupling.c] @ coupled(coupling, x, y)).abs().max())


@EACH
def test_products_turn_with_their_factors(coupling, draw):
    x, y = features(coupling.a, draw), features(coupling.b, draw)
    rotations = random_rotations(40, draw)
    assert difference(coupling, rotations, x, y) < 1e-13


@EACH
def test_with_any_coefficient_missing_they_would_not(coupling, draw):
    x, y = features(coupling.a, draw), features(coupling.b, draw)
    rotations = random_rotations(40, draw)
    for k in range(len(coupling.entries)):
        less = coupling._replace(entries=coupling.entries[:k] + coupling.entries[k + 1 :])
        assert difference(less, rotations, x, y) > 0.1


@EACH
def test_the_product_of_harmonics_of_a_direction_is_a_harmonic_of_it(coupling, draw):
    u = directions(40, draw)
    a, b, c = (harmonics(u, degree)[..., None] for degree in (coupling.a, coupling.b, coupling.c))
    assert (coupled(coupling, a, b) - c).abs().max() < 1e-14


@EACH
def test_no_product_is_longer_than_the_product_of_lengths(coupling, draw):
    x, y = features(coupling.a, draw, 4000), features(coupling.b, draw, 4000)
    share = coupled(coupling, x, y).norm(dim=-2) / (x.norm(dim=-2) * y.norm(dim=-2))
    assert 0.9 < float(share.max()) <= 1.0
    assert float(share.square().mean()) == pytest.approx(coupling.mean_square, rel=0.02)


@pytest.mark.parametrize("coupling", [VECTORS_TO_TENSOR, TENSORS_TO_TENSOR], ids=["112", "222"])
def test_of_equal_degrees_factors_can_change_places(coupling, draw):
    x, y = features(coupling.a, draw), features(coupling.b, draw)
    assert torch.allclose(coupled(coupling, x, y), coupled(coupling, y, x), rtol=0, atol=1e-14)


def test_triple_products_do_not_depend_on_what_is_multiplied_first(draw):
    """⟨G(v, w), t⟩ = ⟨G(t, v), w⟩: one invariant of two vectors and a tensor, in both tables."""
    (v, w), t = (features(1, draw) for _ in range(2)), features(2, draw)
    first = (coupled(VECTORS_TO_TENSOR, v, w) * t).sum(-2)
    assert torch.allclose(first, (coupled(COUPLINGS[0], t, v) * w).sum(-2), rtol=0, atol=1e-13)


def test_channels_and_atoms_do_not_meet(draw):
    x, y = features(2, draw), features(2, draw)
    y[3, :, 1] = 0
    found = coupled(TENSORS_TO_TENSOR, x, y)
    assert (found == 0).nonzero()[:, [0, 2]].unique(dim=0).tolist() == [[3, 1]]


def test_products_of_one_degree_are_added(draw):
    a, b = (tuple(features(degree, draw) for degree in (1, 2)) for _ in range(2))
    first, second = products(lambda c: coupled(c, a[c.a - 1], b[c.b - 1]))
    assert torch.equal(first, coupled(COUPLINGS[0], a[1], b[0]))
    assert torch.equal(second, coupled(VECTORS_TO_TENSOR, a[0], b[0]) + coupled(TENSORS_TO_TENSOR, a[1], b[1]))
