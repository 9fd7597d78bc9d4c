"""Covering radii: proved bounds against the farthest directions that can be found."""

from __future__ import annotations

import math

import pytest
import torch

from gaq.geometry.covering import component_bound, covering_bound, hull_faces, octahedral_bound
from gaq.geometry.octahedral import octahedral_codes, octahedral_points
from gaq.geometry.sphere import covering_radius, draw_directions, fibonacci_points, icosahedral_points, snap_to
from gaq.quant.directions import build_codebook
from gaq.quant.scheme import decode_component_direction, encode_component_direction, magnitude


def angle(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return 2 * torch.asin(((one.double() - other.double()).norm(dim=-1) / 2).clamp(max=1))


@pytest.mark.parametrize("points", [fibonacci_points(256), icosahedral_points(4096)], ids=["fibonacci", "icosahedral"])
def test_the_bound_of_a_codebook_is_reached_where_faces_look(points):
    """The outward normals of the hull are the worst directions; no other one is as far from its code."""
    bound, snap = covering_bound(points), snap_to(build_codebook(points))
    normals, _ = hull_faces(points)
    reached = float(angle(snap(normals), normals).max())
    assert reached <= bound
    assert reached > 0.999 * bound
    assert math.radians(covering_radius(snap)) <= bound


def test_the_bound_of_a_codebook_can_fail():
    """With a codeword taken away, the old bound is too small: the new hole is found."""
    points = fibonacci_points(256)
    snap = snap_to(build_codebook(points[1:]))
    assert math.radians(covering_radius(snap)) > covering_bound(points)


@pytest.mark.parametrize("levels", [4, 16, 64])
def test_the_octahedral_bound_holds_and_is_near(levels):
    points = octahedral_points(levels)
    u = torch.cat([draw_directions(400_000, torch.Generator().manual_seed(1)), points.double()])
    reached = float(angle(points[octahedral_codes(*u.unbind(-1), levels)], u).max())
    bound = octahedral_bound(levels)
    assert reached <= bound
    assert reached > 0.97 * bound


@pytest.mark.parametrize(("bits", "components"), [(4, 3), (8, 3), (8, 7)])
def test_the_bound_of_rounded_components(bits, components):
    high = 2 ** (bits - 1) - 1
    draw = torch.randn(100_000, components, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    u = draw / draw.norm(dim=1, keepdim=True)
    coded = decode_component_direction(encode_component_direction(u, magnitude(u), high))
    reached = float(angle(coded[..., 0], u[..., 0]).max())
    assert 0.5 * component_bound(high, components) < reached <= component_bound(high, components)


def test_codebooks_that_do_not_surround_the_origin_promise_nothing():
    up = torch.tensor([[0.0, 0.0, 1.0]])
    assert covering_bound(up) == math.pi
    assert covering_bound(up.repeat(8, 1)) == math.pi
    half = fibonacci_points(64)[:30]  # one side of the sphere
    assert covering_bound(half) == math.pi
    assert component_bound(1, 7) == math.pi
