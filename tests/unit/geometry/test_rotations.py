"""Rotations for training are rotations, evenly spread, and a function of their generator alone."""

from __future__ import annotations

import torch

from gaq.geometry.rotations import random_rotations


def test_they_are_rotations(seed):
    r = random_rotations(300, torch.Generator().manual_seed(seed))
    assert r.dtype == torch.float64
    assert (r @ r.transpose(-1, -2) - torch.eye(3, dtype=torch.float64)).abs().max() < 1e-14
    assert (torch.linalg.det(r) - 1).abs().max() < 1e-14


def test_they_are_even_over_the_group(seed):
    """⟨R⟩ = 0 and ⟨R_ab R_cd⟩ = δ_ac δ_bd / 3 (Peter-Weyl); five standard errors of the mean."""
    r = random_rotations(20_000, torch.Generator().manual_seed(seed)).reshape(-1, 9)
    assert r.mean(0).abs().max() < 5 * (1 / 3 / 20_000) ** 0.5
    products = r.T @ r / len(r)
    assert (products - torch.eye(9, dtype=torch.float64) / 3).abs().max() < 5 * (0.2 / 20_000) ** 0.5


def test_the_generator_decides(seed):
    first, again = (random_rotations(4, torch.Generator().manual_seed(seed)) for _ in range(2))
    other = random_rotations(4, torch.Generator().manual_seed(seed + 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert random_rotations(0, torch.Generator()).shape == (0, 3, 3)
