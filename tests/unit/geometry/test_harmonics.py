"""Harmonics are those of e3nn but for a turn within a degree, and Wigner matrices are what turns them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import eval_legendre

from gaq.geometry.harmonics import harmonics, wigner
from gaq.geometry.rotations import random_rotations

DEGREES = (1, 2, 3)


@pytest.fixture
def draw(seed):
    return torch.Generator().manual_seed(seed)


def directions(count, draw):
    v = torch.randn(count, 3, dtype=torch.float64, generator=draw)
    return v / v.norm(dim=-1, keepdim=True)


def sphere_quadrature() -> tuple[torch.Tensor, torch.Tensor]:
    """Points and weights that integrate polynomials up to degree 7 over the unit sphere exactly; Σ w = 1."""
    z, weight = np.polynomial.legendre.leggauss(4)
    angle = 2 * np.pi * np.arange(8) / 8
    rho = np.sqrt(1 - z**2)
    points = [[r * np.cos(a), r * np.sin(a), h] for h, r in zip(z, rho, strict=True) for a in angle]
    return torch.tensor(points), torch.from_numpy(np.repeat(weight / 16, 8))


@pytest.mark.parametrize("degree", DEGREES)
def test_the_addition_theorem(degree, draw):
    """Σ_m Y_m(u) Y_m(v) = P_l(u·v), which makes |Y| = 1."""
    u, v = directions(50, draw), directions(50, draw)
    product = (harmonics(u, degree) * harmonics(v, degree)).sum(-1)
    expected = torch.from_numpy(eval_legendre(degree, (u * v).sum(-1).numpy()))
    assert (product - expected).abs().max() < 1e-14
    assert (harmonics(u, degree).norm(dim=-1) - 1).abs().max() < 1e-14


@pytest.mark.parametrize("degree", DEGREES)
def test_components_are_orthogonal_on_the_sphere(degree):
    points, weights = sphere_quadrature()
    y = harmonics(points, degree)
    overlap = torch.einsum("p,pm,pn->mn", weights, y, y)
    expected = torch.eye(2 * degree + 1, dtype=torch.float64) / (2 * degree + 1)
    assert (overlap - expected).abs().max() < 1e-14


def test_degrees_do_not_mix():
    points, weights = sphere_quadrature()
    for one, other in ((1, 2), (1, 3), (2, 3)):
        overlap = torch.einsum("p,pm,pn->mn", weights, harmonics(points, one), harmonics(points, other))
        assert overlap.abs().max() < 1e-14


@pytest.mark.parametrize("degree", DEGREES)
def test_they_are_those_of_e3nn_up_to_an_orthogonal_matrix(degree, draw):
    o3 = pytest.importorskip("e3nn.o3", reason="needs e3nn")
    u = directions(60, draw)
    theirs = o3.spherical_harmonics(degree, u, normalize=False, normalization="norm")
    change = torch.linalg.lstsq(harmonics(u, degree), theirs).solution
    assert (harmonics(u, degree) @ change - theirs).abs().max() < 1e-12
    assert (change.T @ change - torch.eye(2 * degree + 1, dtype=torch.float64)).abs().max() < 1e-12


@pytest.mark.parametrize("degree", DEGREES)
def test_wigner_matrices_turn_harmonics(degree, draw):
    rotations, u = random_rotations(20, draw), directions(20, draw)
    turned = harmonics(torch.einsum("nab,nb->na", rotations, u), degree)
    carried = torch.einsum("nab,nb->na", wigner(rotations, degree), harmonics(u, degree))
    assert (turned - carried).abs().max() < 1e-13
    assert (harmonics(u, degree) - carried).abs().max() > 0.1


@pytest.mark.parametrize("degree", DEGREES)
def test_wigner_matrices_are_an_orthogonal_representation(degree, draw):
    r, s = random_rotations(20, draw), random_rotations(20, draw)
    d_r, d_s = wigner(r, degree), wigner(s, degree)
    assert (wigner(r @ s, degree) - d_r @ d_s).abs().max() < 1e-13
    identity = torch.eye(2 * degree + 1, dtype=torch.float64)
    assert (d_r.transpose(-1, -2) @ d_r - identity).abs().max() < 1e-13
    assert (wigner(r.transpose(-1, -2), degree) - d_r.transpose(-1, -2)).abs().max() < 1e-13


@pytest.mark.parametrize("degree", DEGREES)
def test_inversion_has_the_parity_of_the_degree(degree):
    inverted = wigner(-torch.eye(3, dtype=torch.float64), degree)
    assert (inverted - (-1) ** degree * torch.eye(2 * degree + 1)).abs().max() < 1e-13


@pytest.mark.parametrize("degree", DEGREES)
def test_characters_are_those_of_the_rotation_group(degree):
    """tr D^l(θ) = sin((l + ½) θ) / sin(θ / 2)."""
    angle = torch.tensor([0.3, 1.1, 2.7], dtype=torch.float64)
    c, s, zero, one = angle.cos(), angle.sin(), torch.zeros(3), torch.ones(3)
    turn = torch.stack((c, -s, zero, s, c, zero, zero, zero, one), -1).reshape(3, 3, 3)
    trace = wigner(turn, degree).diagonal(dim1=-2, dim2=-1).sum(-1)
    assert (trace - ((degree + 0.5) * angle).sin() / (angle / 2).sin()).abs().max() < 1e-13


def test_float32_stays_float32(draw):
    rotations = random_rotations(3, draw).float()
    for degree in DEGREES:
        assert wigner(rotations, degree).dtype == torch.float32
        exact = wigner(rotations.double(), degree)
        assert (wigner(rotations, degree) - exact).abs().max() < 1e-5


@pytest.mark.parametrize("degree", DEGREES)
def test_gradients(degree, draw):
    u = directions(3, draw).requires_grad_()
    r = random_rotations(2, draw).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: harmonics(x, degree), u)
    assert torch.autograd.gradcheck(lambda x: wigner(x, degree), r)
    assert torch.autograd.gradgradcheck(lambda x: wigner(x, degree), r)


@pytest.mark.parametrize("degree", [0, 4])
def test_other_degrees_are_refused(degree):
    with pytest.raises(ValueError, match=f"degree {degree}: .* 1 to 3"):
        harmonics(torch.zeros(1, 3), degree)
