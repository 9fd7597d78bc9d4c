from __future__ import annotations

import pytest
import torch

from gaq.errors import RecipeError
from gaq.geometry.nearest import nearest_of_all
from gaq.quant.directions import directions_for, look_up
from gaq.quant.law import magnitude
from gaq.quant.spec import Component, Fibonacci, Icosahedral, KMeans, Octahedral


@pytest.fixture
def vectors(seed):
    return torch.randn(30, 3, 8, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("code", [Fibonacci(8), Icosahedral(8), Octahedral(8), KMeans(4), Component(8)])
def test_decoded_directions_have_unit_length_and_lie_near(code, vectors):
    directions = directions_for(code)
    m = magnitude(vectors)
    directions.observe(vectors, m)
    directions.fit("slot")
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


def test_k_means_with_too_few_vectors_is_refused(vectors):
    directions = directions_for(KMeans(8))
    directions.observe(vectors[:10], magnitude(vectors[:10]))
    with pytest.raises(RecipeError, match="'layers.0.x': k-means wants at least 256 vectors.*gave 80"):
        directions.fit("layers.0.x")


def test_k_means_skips_zero_vectors(vectors):
    directions = directions_for(KMeans(3))
    vectors = torch.cat((vectors, torch.zeros(50, 3, 8)))
    directions.observe(vectors, magnitude(vectors))
    directions.fit("slot")
    assert torch.isfinite(directions.points).all()


def test_look_up_puts_components_before_channels():
    points = torch.arange(12.0).reshape(4, 3)
    index = torch.tensor([[0, 3], [2, 1]])
    found = look_up(points, index)
    assert found.shape == (2, 3, 2)
    assert torch.equal(found[0, :, 1], points[3])
