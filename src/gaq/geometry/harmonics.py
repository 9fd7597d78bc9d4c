"""Real spherical harmonics for l ≤ 3 of unit vectors, scaled to |Y^l| = 1, and their Wigner matrices.

Order within a degree is m = −l…l as polynomials of (x, y, z), except that l = 1 is (x, y, z) itself: so the
Wigner matrix of a vector is the rotation matrix.
"""

from __future__ import annotations

from functools import cache
from math import sqrt

import torch
from torch import Tensor

MAX_DEGREE = 3


def orders(degree: int) -> tuple[int, ...]:
    """Return the order m of each component: (x, y, z) for degree 1, −l…l for any other."""
    return (1, -1, 0) if degree == 1 else tuple(range(-degree, degree + 1))


def harmonics(unit: Tensor, degree: int) -> Tensor:
    """Y^l of unit vectors [..., 3] → [..., 2l+1], orthogonal components with Σ_m Y_m² = 1.

    Degrees 1 to 3. The polynomials are homogeneous, so the derivative off the sphere is that of the
    polynomial.
    """
    x, y, z = unit.unbind(-1)
    if degree == 1:
        return unit
    if degree == 2:
        s3 = sqrt(3.0)
        parts = (
            s3 * x * y,
            s3 * y * z,
            z * z - 0.5 * (x * x + y * y),
            s3 * x * z,
            0.5 * s3 * (x * x - y * y),
        )
        return torch.stack(parts, -1)
    if degree == 3:
        return torch.stack(_cubic(x, y, z), -1)
    raise ValueError(f"harmonics of degree {degree}: this project knows degrees 1 to {MAX_DEGREE}")


def _cubic(x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, ...]:
    a, b, c = sqrt(5.0 / 8.0), sqrt(15.0), sqrt(3.0 / 8.0)
    xx, yy, zz = x * x, y * y, z * z
    return (
        a * y * (3.0 * xx - yy),
        b * x * y * z,
        c * y * (4.0 * zz - xx - yy),
        0.5 * z * (2.0 * zz - 3.0 * (xx + yy)),
        c * x * (4.0 * zz - xx - yy),
        0.5 * b * z * (xx - yy),
        a * x * (xx - 3.0 * yy),
    )


@cache
def _probes(degree: int) -> tuple[Tensor, Tensor]:
    """Fixed directions P [n, 3] and the pseudo-inverse of Y(P), from which Wigner matrices are read off."""
    count = 4 * degree + 3
    index = torch.arange(count, dtype=torch.float64)
    z = 1.0 - (2.0 * index + 1.0) / count
    angle = index * 2.399963229728653  # golden angle: any well-spread set would do
    rho = torch.sqrt(1.0 - z * z)
    points = torch.stack((rho * torch.cos(angle), rho * torch.sin(angle), z), -1)
    return points, torch.linalg.pinv(harmonics(points, degree))


def wigner(rotation: Tensor, degree: int) -> Tensor:
    """D^l [..., 2l+1, 2l+1] of orthogonal matrices [..., 3, 3]: Y^l(R u) = D^l(R) Y^l(u). Differentiable in
    R.
    """
    if degree == 1:
        return rotation
    points, inverse = (t.to(rotation) for t in _probes(degree))
    turned = harmonics(torch.einsum("...ab,pb->...pa", rotation, points), degree)  # Y(R p), [..., p, m]
    return torch.einsum("np,...pm->...mn", inverse, turned)
