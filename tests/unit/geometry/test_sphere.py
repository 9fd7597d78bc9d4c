from __future__ import annotations

import math

import pytest
import torch

from gaq.geometry.nearest import build_codebook
from gaq.geometry.octahedral import octahedral_codes, octahedral_points
from gaq.geometry.sphere import (
    covering_radius,
    draw_directions,
    fibonacci_points,
    icosahedral_points,
    kmeans_points,
    rms_angle,
    snap_to,
)


def fibonacci(bits):
    return snap_to(build_codebook(fibonacci_points(2**bits)))


def icosahedral(bits):
    return snap_to(build_codebook(icosahedral_points(2**bits)))


def octahedral(bits):
    levels = 2 ** (bits // 2)
    points = octahedral_points(levels).double()
    return lambda directions: points[octahedral_codes(*directions.unbind(-1), levels)]


def component_int8(directions):
    rounded = torch.round(127 * directions)
    return rounded / rounded.norm(dim=-1, keepdim=True)


# rms and largest angle in degrees over 40,000 drawn directions. The rms is sharp; the largest is not.
@pytest.mark.parametrize(
    ("snap", "rms", "largest"),
    [
        (fibonacci(8), 5.17, 9.12),
        (fibonacci(12), 1.29, 2.24),
        (fibonacci(16), 0.323, 0.555),
        (icosahedral(8), 5.18, 8.51),
        (icosahedral(12), 1.30, 2.16),
        (icosahedral(16), 0.325, 0.542),
        (octahedral(8), 6.27, 15.6),
        (octahedral(12), 1.49, 3.68),
        (octahedral(16), 0.371, 0.929),
        (component_int8, 0.185, 0.378),
    ],
    ids=[
        "fib-8",
        "fib-12",
        "fib-16",
        "ico-8",
        "ico-12",
        "ico-16",
        "oct-8",
        "oct-12",
        "oct-16",
        "component-8",
    ],
)
def test_angles_of_the_known_codes(snap, rms, largest):
    assert rms_angle(snap) == pytest.approx(rms, rel=0.01)
    assert covering_radius(snap) == pytest.approx(largest, rel=0.05)


def test_no_code_beats_the_bound_of_fejes_toth():
    bound = math.degrees(math.sqrt(8 * math.pi / (3 * math.sqrt(3) * 256)))
    for snap in (fibonacci(8), icosahedral(8), octahedral(8)):
        assert covering_radius(snap, samples=100_000) > bound
    assert covering_radius(icosahedral(8), samples=100_000) < 1.15 * bound


def test_a_direction_moves_by_at_most_twice_the_sine_of_half_the_covering_radius(seed):
    snap = icosahedral(8)
    directions = draw_directions(20_000, torch.Generator().manual_seed(seed))
    chord = (snap(directions) - directions).norm(dim=-1).max()
    half = math.radians(covering_radius(snap, samples=200_000)) / 2
    assert chord <= 2 * math.sin(half) * 1.005
    assert chord > 2 * math.sin(half) * 0.9


@pytest.mark.parametrize(("most", "count"), [(12, 12), (16, 12), (42, 42), (256, 252), (4096, 4002)])
def test_icosahedral_grids_have_ten_f_squared_and_two_points(most, count):
    points = icosahedral_points(most).double()
    assert points.shape == (count, 3)
    gram = points @ points.t() - 2 * torch.eye(count, dtype=torch.float64)
    assert gram.max() < 1 - 1e-5, "two points coincide"


def test_an_icosahedral_grid_is_closed_under_a_fivefold_rotation():
    points = icosahedral_points(252).double()
    axis, angle = points[0], 2 * math.pi / 5
    turned = (
        points * math.cos(angle)
        + torch.linalg.cross(axis.expand_as(points), points) * math.sin(angle)
        + axis * (points @ axis)[:, None] * (1 - math.cos(angle))
    )
    assert (turned @ points.t()).amax(-1).min() > 1 - 1e-6
    other = fibonacci_points(252).double()
    assert (turned @ other.t()).amax(-1).min() < 1 - 1e-4


def test_codewords_have_unit_length():
    for points in (fibonacci_points(256), icosahedral_points(256), octahedral_points(16)):
        assert (points.double().norm(dim=-1) - 1).abs().max() < 2e-7


def test_kmeans_learns_where_the_directions_are(seed):
    generator = torch.Generator().manual_seed(seed)
    clustered = draw_directions(4000, generator) + torch.tensor([0.0, 0.0, 3.0])
    clustered = clustered / clustered.norm(dim=-1, keepdim=True)
    learned = kmeans_points(clustered[:3000], 64, seed=3)

    def error(points):
        return float((snap_to(build_codebook(points))(clustered[3000:]) - clustered[3000:]).square().sum(-1).mean())

    assert error(learned) < 0.5 * error(fibonacci_points(64))
    assert torch.equal(learned, kmeans_points(clustered[:3000], 64, seed=3))
    assert not torch.equal(learned, kmeans_points(clustered[:3000], 64, seed=4))


def test_kmeans_gives_every_codeword_a_use():
    few = draw_directions(16, torch.Generator().manual_seed(0))
    repeated = few.repeat(20, 1)
    learned = kmeans_points(repeated, 16, seed=0).double()
    assert (repeated @ learned.t()).amax(-1).min() > 1 - 1e-5
