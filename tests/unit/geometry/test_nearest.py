from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from gaq.geometry.nearest import build_codebook, nearest_of_all
from gaq.geometry.sphere import draw_directions, fibonacci_points, icosahedral_points


def hard_vectors(points, seed):
    """Drawn vectors of all lengths, the codewords, the middles of neighbouring pairs, the axes."""
    generator = torch.Generator().manual_seed(seed)
    drawn = draw_directions(3000, generator).float() * torch.rand(3000, 1, generator=generator)
    sample = points[:: max(1, len(points) // 500)]
    neighbour = points[(sample @ points.t()).topk(2).indices[:, 1]]
    axes = torch.cat((torch.eye(3), -torch.eye(3)))
    return torch.cat((drawn, sample, sample + neighbour, axes))


@pytest.mark.parametrize(
    "points",
    [
        fibonacci_points(4),
        fibonacci_points(256),
        icosahedral_points(256),
        fibonacci_points(4096),
        draw_directions(300, torch.Generator().manual_seed(1)).float(),
        draw_directions(300, torch.Generator().manual_seed(1)).float().abs(),
    ],
    ids=["fibonacci-4", "fibonacci-256", "icosahedral-252", "fibonacci-4096", "random", "one octant"],
)
def test_the_grid_chooses_as_the_search_through_all(points, seed):
    x, y, z = hard_vectors(points, seed).unbind(-1)
    chosen = build_codebook(points).nearest(x, y, z)
    assert torch.equal(chosen, nearest_of_all(points, x, y, z))


def test_a_grid_with_a_candidate_too_few_is_noticed(seed):
    points = fibonacci_points(256)
    book = build_codebook(points)
    poorer = replace(book, cells=book.cells[:, :2])
    x, y, z = hard_vectors(points, seed).unbind(-1)
    assert not torch.equal(poorer.nearest(x, y, z), nearest_of_all(points, x, y, z))


def test_the_lowest_index_wins_a_tie():
    octahedron = torch.cat((torch.eye(3), -torch.eye(3)))
    book = build_codebook(octahedron)
    x, y, z = torch.tensor([[1.0, 1.0, 0.0], [0.0, 2.0, 2.0], [-1.0, -1.0, -1.0], [-1.0, 1.0, 0.5]]).unbind(-1)
    assert book.nearest(x, y, z).tolist() == [0, 1, 3, 1]


def test_equal_codewords_count_as_the_first():
    twice = fibonacci_points(64).repeat(2, 1)
    x, y, z = twice.unbind(-1)
    assert int(build_codebook(twice).nearest(x, y, z).max()) < 64


def test_codewords_in_one_place_are_refused_before_they_fill_the_memory():
    with pytest.raises(ValueError, match="too many of 4096 codewords are in the same place"):
        build_codebook(fibonacci_points(1).repeat(4096, 1))
    assert build_codebook(fibonacci_points(1).repeat(256, 1)).cells.shape[1] == 256


def test_shapes_and_types_are_kept():
    book = build_codebook(fibonacci_points(16))
    x, y, z = torch.ones(3, 2, 5, 7, dtype=torch.float64)
    assert book.nearest(x, y, z).shape == (2, 5, 7)
    assert book.nearest(x, y, z).dtype == torch.int64
