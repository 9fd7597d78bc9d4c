"""Products of features turn with their factors, of harmonics are harmonics, and all of them are those of e3nn."""

from __future__ import annotations

from math import sqrt
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from gaq.geometry.coupling import (
    COUPLINGS,
    TENSORS_TO_TENSOR,
    VECTORS_TO_TENSOR,
    Coupling,
    coupled,
    gaunt,
    products,
    wigner_3j,
)
from gaq.geometry.harmonics import harmonics, wigner
from gaq.geometry.rotations import random_rotations

EACH = pytest.mark.parametrize("coupling", COUPLINGS, ids=lambda c: f"{c.a}{c.b}{c.c}")
CHANNELS = 5
TRIPLES = [(a, b, c) for a in range(4) for b in range(4) for c in range(4) if abs(a - b) <= c <= a + b]
EVERY = pytest.mark.parametrize("degrees", TRIPLES, ids=lambda t: "".join(map(str, t)))
REFERENCE = Path(__file__).parents[2] / "references" / "sevennet" / "wigner_3j.npz"
# Components of e3nn's harmonics among ours: its axes are (y, z, x), and a degree has the order m = −l…l in them.
CYCLE = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], dtype=torch.float64)


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


def turns_of(degree: int, rotations: Tensor) -> Tensor:
    return wigner(rotations, degree) if degree else torch.ones((len(rotations), 1, 1), dtype=torch.float64)


@EVERY
def test_wigner_3j_symbols_turn_with_their_factors(degrees, draw):
    coupling, rotations = wigner_3j(*degrees), random_rotations(40, draw)
    a, b, c = (turns_of(degree, rotations) for degree in degrees)
    dense = coupling.dense()
    assert (
        torch.einsum("kij,rim,rjn->rkmn", dense, a, b) - torch.einsum("rkl,lmn->rkmn", c, dense)
    ).abs().max() < 1e-13
    assert float(dense.square().sum()) == pytest.approx(1, abs=1e-14)


@EVERY
def test_they_are_those_of_e3nn_with_its_signs(degrees):
    """A sign or a component that differs is a difference of 0.1 and more."""
    theirs = torch.from_numpy(np.load(REFERENCE)["".join(map(str, degrees))])
    a, b, c = (torch.ones((1, 1), dtype=torch.float64) if degree == 0 else basis(degree) for degree in degrees)
    ours = torch.einsum("kij,kc,ia,jb->abc", wigner_3j(*degrees).dense(), c, a, b)
    assert (ours - theirs).abs().max() < 1e-14
    assert (ours + theirs).abs().max() > 0.1


def basis(degree: int) -> Tensor:
    """Our components in e3nn's: those of e3nn are our polynomials of (y, z, x) in the order m = −l…l, unturned."""
    inverse = [1, 2, 0] if degree == 1 else list(range(2 * degree + 1))
    return wigner(CYCLE.T, degree)[:, inverse]


@EVERY
def test_gaunt_products_are_the_even_ones(degrees):
    if sum(degrees) % 2:
        with pytest.raises(ValueError, match="odd sum"):
            gaunt(*degrees)
        return
    dense, symbols = gaunt(*degrees).dense(), wigner_3j(*degrees).dense()
    ratio = dense[symbols != 0] / symbols[symbols != 0]
    assert torch.allclose(ratio, ratio[:1], rtol=1e-14, atol=0)
    assert float(ratio[0]) > 0


@pytest.mark.parametrize("degrees", [(1, 1, 3), (0, 1, 0), (3, 1, 1)])
def test_degrees_without_a_product_are_refused(degrees):
    with pytest.raises(ValueError, match="have no product of degree"):
        wigner_3j(*degrees)


def test_coefficients_are_roots_of_fractions_rounded_once():
    values = {abs(v) for coupling in COUPLINGS for *_, v in coupling.entries}
    assert values == {0.5, sqrt(3.0) / 2.0, 1.0}


def test_vectors_have_a_cross_product(draw):
    x, y = features(1, draw), features(1, draw)
    assert torch.allclose(coupled(wigner_3j(1, 1, 1), x, y) * sqrt(6.0), torch.linalg.cross(x, y, dim=1), atol=1e-14)
