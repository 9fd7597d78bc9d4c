"""Codebooks of directions, and how far the nearest codeword can be.

A codebook is a set of unit vectors; a direction is coded as the index of the nearest. What matters of a set
is its covering radius (the largest angle) and the rms angle. No set of N points covers the sphere better than
about √(8π/(3√3 N)); Fibonacci and icosahedral sets come within 10 to 20 % of it in the worst
direction, and within 2 % of the least rms angle.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import torch
from torch import Tensor

from gaq.geometry.nearest import Codebook, build_codebook, nearest_of_all

GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
# Shift of the first and last point from the poles; the one with the smallest covering radius above some 200
# points.
POLE_OFFSET = 0.36
FEW_COMPARISONS = 2**21

Snap = Callable[[Tensor], Tensor]


def fibonacci_points(count: int) -> Tensor:
    """Return points on the golden spiral, z_i = 1 - 2(i + ε)/(N - 1 + 2ε), φ_i = i·π(3 - √5).

    Shapes: float32 [count, 3].  Source: Swinbank & Purser, Q. J. R. Meteorol. Soc. 132 (2006) 1769.
    """
    i = torch.arange(count, dtype=torch.float64)
    z = 1 - 2 * (i + POLE_OFFSET) / (count - 1 + 2 * POLE_OFFSET)
    radius = torch.sqrt(1 - z * z)
    angle = i * GOLDEN_ANGLE
    return torch.stack((radius * torch.cos(angle), radius * torch.sin(angle), z), -1).float()


def icosahedral_points(most: int) -> Tensor:
    """Return the finest geodesic grid 10f² + 2 ≤ most: faces of the icosahedron cut into f² triangles, put on the
    sphere.

    Shapes: float32 [10f² + 2, 3], most ≥ 12.  Closed under the 60 rotations of the icosahedron.
    """
    cuts = math.isqrt((most - 2) // 10)
    vertices = _icosahedron()
    gram = vertices @ vertices.t()
    touching = gram > 0.4
    edges = [(a, b) for a, b in combinations(range(12), 2) if touching[a, b]]
    faces = [
        (a, b, c) for a, b, c in combinations(range(12), 3) if touching[a, b] and touching[a, c] and touching[b, c]
    ]
    inner = torch.arange(1, cuts, dtype=torch.float64)[:, None]
    parts = [cuts * vertices]
    parts += [(cuts - inner) * vertices[a] + inner * vertices[b] for a, b in edges]
    i, j = torch.meshgrid(torch.arange(1, cuts), torch.arange(1, cuts), indexing="ij")
    inside = i + j < cuts
    i, j = i[inside].double()[:, None], j[inside].double()[:, None]
    parts += [i * vertices[a] + j * vertices[b] + (cuts - i - j) * vertices[c] for a, b, c in faces]
    points = torch.cat(parts)
    return torch.nn.functional.normalize(points, dim=-1).float()


def kmeans_points(directions: Tensor, count: int, seed: int, rounds: int = 30) -> Tensor:
    """Return spherical k-means: codewords are the normalised means of the directions that are nearest to them.

    A codeword that is nearest to nothing moves to the direction that is farthest from its own.
    Shapes: directions [sample, 3] unit vectors, at least `count` of them; float32 [count, 3] out.
    """
    generator = torch.Generator().manual_seed(seed)
    sample = directions.double()
    points = sample[torch.randperm(len(sample), generator=generator)[:count]]
    for _ in range(rounds):
        owner = _owners(points, sample)
        total = torch.zeros_like(points).index_add_(0, owner, sample)
        length = total.norm(dim=-1, keepdim=True)
        lonely = torch.nonzero(length.squeeze(-1) < 1e-9).squeeze(-1)
        points = total / length.clamp(min=1e-9)
        if len(lonely):
            misfit = (sample * points[owner]).sum(-1)
            points[lonely] = sample[misfit.argsort()[: len(lonely)]]
    return points.float()


def _owners(points: Tensor, sample: Tensor) -> Tensor:
    """Return the nearest codeword of each direction; both ways agree, and cells pay where there is much to compare."""
    if len(points) * len(sample) <= FEW_COMPARISONS:
        return nearest_of_all(points.float(), *sample.unbind(-1))
    return build_codebook(points).nearest(*sample.unbind(-1))


def snap_to(book: Codebook) -> Snap:
    """Return the function that replaces each direction [sample, 3] by its codeword."""

    def snap(directions: Tensor) -> Tensor:
        return book.points[book.nearest(*directions.unbind(-1))].to(directions.dtype)

    return snap


def covering_radius(snap: Snap, samples: int = 40_000, seed: int = 0) -> float:
    """Return the largest angle (degrees) between a drawn direction and its code: a lower bound of the covering radius
    δ.

    A direction then moves by at most 2 sin(δ/2).  Source: arXiv 2603.05343.
    """
    return float(_angles(snap, samples, seed).max())


def rms_angle(snap: Snap, samples: int = 40_000, seed: int = 0) -> float:
    """Return root mean square angle (degrees) between directions drawn uniformly and their codes."""
    return float(_angles(snap, samples, seed).square().mean().sqrt())


def draw_directions(count: int, generator: torch.Generator) -> Tensor:
    """Return unit vectors [count, 3] uniform on the sphere, float64."""
    gaussian = torch.randn(count, 3, generator=generator, dtype=torch.float64)
    return torch.nn.functional.normalize(gaussian, dim=-1)


def _angles(snap: Snap, samples: int, seed: int) -> Tensor:
    directions = draw_directions(samples, torch.Generator().manual_seed(seed))
    chord = (snap(directions) - directions).norm(dim=-1)
    return torch.rad2deg(2 * torch.asin((chord / 2).clamp(max=1)))


def _icosahedron() -> Tensor:
    """Return the vertices (0, ±1, ±g) and their cyclic permutations, g the golden ratio, on the unit sphere."""
    golden = (1 + math.sqrt(5)) / 2
    first = torch.tensor([[0.0, a, b * golden] for a in (1, -1) for b in (1, -1)], dtype=torch.float64)
    vertices = torch.cat((first, first.roll(1, -1), first.roll(2, -1)))
    return vertices / math.sqrt(1 + golden * golden)
