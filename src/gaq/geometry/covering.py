"""How far a direction can be from its code, proved rather than sampled: upper bounds of covering radii, in radians."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from gaq.geometry.octahedral import fold

# Codewords are float32, and so is the search for the nearest: an angle may be off by a few of its roundings.
SLACK = 2e-6


def covering_bound(points: Tensor) -> float:
    """Return the largest angle from a direction to the nearest of the unit vectors `points` [codeword, 3].

    The directions farthest from all points are the outward normals of the faces of their convex hull (the corners of
    the Voronoi cells), and the angle of a face is arccos of its distance from the origin. π where the hull does
    not hold the origin, as for a codebook on one half of the sphere, or has no volume.
    """
    _, distance = hull_faces(points)
    if len(distance) == 0 or float(distance.min()) <= 0:
        return math.pi
    return min(math.pi, math.acos(float(distance.min())) + SLACK)


def hull_faces(points: Tensor) -> tuple[Tensor, Tensor]:
    """Return unit outward normals [face, 3] of the convex hull, and how far each face is from the origin [face].

    Distances are negative where the origin is outside. Both are empty for points that span no volume. Float64.
    """
    from scipy.spatial import ConvexHull, QhullError

    corners = np.unique(points.detach().double().cpu().numpy(), axis=0)
    try:
        planes = ConvexHull(corners).equations if len(corners) > 3 else np.zeros((0, 4))
    except QhullError:
        planes = np.zeros((0, 4))
    return torch.from_numpy(planes[:, :3].copy()), torch.from_numpy(-planes[:, 3].copy())


def octahedral_bound(levels: int) -> float:
    """Return the largest angle between a direction and its octahedral code of `levels` × `levels` points; `levels`
    even.

    A code owns a square of the map. Folds cut it into convex pieces, each of which is a polygon in the plane of a face
    of the octahedron; directions within an angle of the code form a convex set there, so that the farthest direction of
    a piece is at one of its corners. Those are the corners of the square and the middles of its sides.
    """
    last = levels - 1
    codes = torch.arange(levels, dtype=torch.float64)
    side = (2 * codes - last) / last
    p, q = torch.meshgrid(side, side, indexing="ij")
    centre = torch.stack(fold(p, q), -1)
    reach = 1 / last + SLACK
    worst = 0.0
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            corner = torch.stack(fold((p + i * reach).clamp(-1, 1), (q + j * reach).clamp(-1, 1)), -1)
            chord = (corner - centre).norm(dim=-1).max()
            worst = max(worst, float(2 * torch.asin((chord / 2).clamp(max=1.0))))
    return worst + SLACK


def component_bound(high: int, components: int) -> float:
    """Return the largest angle between a unit vector and its components rounded to 1/high, made a unit vector again.

    Rounding moves it by at most √components / (2 high), which is the sine of the angle at most; π/2 and more is π.
    """
    sine = math.sqrt(components) / (2 * high)
    return math.asin(sine) + SLACK if sine < 1 else math.pi
