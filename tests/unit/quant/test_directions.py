from __future__ import annotations

import pytest
import torch

from gaq.geometry.nearest import nearest_of_all
from gaq.quant.direction_spec import Component, Fibonacci, Icosahedral, KMeans, Octahedral
from gaq.quant.directions import directions_for, look_up
from gaq.quant.scheme import magnitude


@pytest.fixture
def vectors(seed):
    return torch.randn(30, 3, 8, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("code", [Fibonacci(8), Icosahedral(8), Octahedral(8), KMeans(4), Component(8)])
def test_decoded_directions_have_unit_length_and_lie_near(code, vectors):
    directions = directions_for(code)
    m = magnitude(vectors)
    directions.observe(vectors, m)
    directions.fit()
    decoded = directions.decode(directions.encode(vectors, m), torch.float32)
    assert decoded.shape == vectors.shape
    torch.testing.assert_close(magnitude(decoded), torch.ones_like(m))
    cosine = (decoded * vectors).sum(-2) / m
    assert cosine.min() > (0.7 if isinstance(code, KMeans) else 0.96)


def test_a_codebook_gives_the_nearest_codeword(vectors):
    directions = directions_for(Fibonacci(8))
    chosen = directions.encode(vectors, magnitude(vectors))
    assert torch.equal(chosen, nearest_of_all(directions.points, *vectors.unbind(-2)))


def test_fixed_codebooks_are_not_stored_and_learned_ones_are():
    assert directions_for(Fibonacci(8)).state_dict() == {}
    assert directions_for(Octahedral(8)).state_dict() == {}
    assert list(directions_for(KMeans(4)).state_dict()) == ["points"]


def test_layers_share_a_fixed_codebook():
    assert directions_for(Fibonacci(8)).cells is directions_for(Fibonacci(8)).cells


@pytest.mark.parametrize("seen", [0, 10])
def test_k_means_with_too_few_vectors_covers_the_rest_of_the_sphere(vectors, seen):
    """One frame is enough to calibrate with, and even none: 80 vectors are their own codewords, 176 are added."""
    directions = directions_for(KMeans(8))
    directions.observe(vectors[:seen], magnitude(vectors[:seen]))
    directions.fit()
    found = directions.decode(directions.encode(vectors, magnitude(vectors)), torch.float32)
    cosine = (found * vectors).sum(-2) / magnitude(vectors)
    assert cosine[:seen].min() > 0.9999 if seen else cosine.min() > 0.98
    assert cosine.min() > 0.9


def test_a_codebook_that_moves_goes_where_its_vectors_are(vectors):
    """After many steps each codeword is the direction of the mean of what it stands for; a lonely one stays."""
    directions = directions_for(KMeans(3, decay=0.5))
    directions.observe(vectors, magnitude(vectors))
    directions.fit()
    assert sorted(directions.state_dict()) == ["points", "sums"]
    turned = vectors[:, :, :4].clone()
    turned[:, 2] = turned[:, 2].abs()  # the upper half
    before, m = directions.points.clone(), magnitude(turned)
    for _ in range(40):
        codes = directions.encode(turned, m)
        directions.update_ema(turned, m, codes, m > 0)
        directions.move()
    u = (turned / m.unsqueeze(-2)).transpose(-1, -2)
    for k in range(8):
        mine = u[codes == k]
        expected = mine.mean(0) / mine.mean(0).norm() if len(mine) else directions.points[k]
        torch.testing.assert_close(directions.points[k], expected, rtol=0, atol=1e-5)
    assert not torch.equal(directions.points, before)


def test_a_book_that_moved_has_cells_that_fit(vectors):
    directions = directions_for(KMeans(3, decay=0.5))
    directions.observe(vectors, magnitude(vectors))
    directions.fit()
    m = magnitude(vectors)
    directions.update_ema(vectors.flip(0) ** 3, magnitude(vectors.flip(0) ** 3), directions.encode(vectors, m), m > 0)
    directions.move()
    codes = directions.encode(vectors, m)
    assert torch.equal(directions.book().nearest(*vectors.unbind(-2)), codes)
    assert torch.equal(directions.encode(vectors, m), codes), "also by the cells"


def test_a_book_that_does_not_move_ignores_training(vectors):
    directions = directions_for(KMeans(3))
    directions.observe(vectors, magnitude(vectors))
    directions.fit()
    before, m = directions.points.clone(), magnitude(vectors)
    directions.update_ema(vectors, m, directions.encode(vectors, m), m > 0)
    assert torch.equal(directions.points, before)
    assert directions.heard.abs().max() == 0


def test_k_means_skips_zero_vectors(vectors):
    directions = directions_for(KMeans(3))
    vectors = torch.cat((vectors, torch.zeros(50, 3, 8)))
    directions.observe(vectors, magnitude(vectors))
    directions.fit()
    assert torch.isfinite(directions.points).all()


def test_look_up_puts_components_before_channels():
    points = torch.arange(12.0).reshape(4, 3)
    index = torch.tensor([[0, 3], [2, 1]])
    found = look_up(points, index)
    assert found.shape == (2, 3, 2)
    assert torch.equal(found[0, :, 1], points[3])
