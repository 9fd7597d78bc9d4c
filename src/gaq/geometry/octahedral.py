"""The octahedral map: the sphere unfolded onto a square, and a code of directions that is computed, not
looked up.

The sphere is pressed on an octahedron, the lower half is unfolded outwards, and the whole becomes the square
[-1, 1]². A point of the square with `levels` equidistant values along each side is a code of 2 log2(levels)
bits.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gaq.geometry.vectors import square_root


def unfold(x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """Return the point (p, q) of the square [-1, 1]² for a vector of any length; the zero vector goes to (0, 0).

    s = (|x| + |y|) + |z|;  p = x/s, q = y/s;  where z < 0: p, q = (1 - |q|) sgn p, (1 - |p|) sgn q, with sgn
    0 = 1.

    Shapes: three tensors of one shape in, two of the same shape out.
    Source: Cigolle et al., J. Comput. Graph. Tech. 3(2), 2014.
    """
    total = (x.abs() + y.abs()) + z.abs()
    total = torch.where(total == 0, torch.ones_like(total), total)
    p, q = x / total, y / total
    below = z < 0
    return (
        torch.where(below, _with_sign(1 - q.abs(), p), p),
        torch.where(below, _with_sign(1 - p.abs(), q), q),
    )


def fold(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the unit vector for a point of the square: the inverse of `unfold` on the sphere.

    z = (1 - |p|) - |q|;  where z < 0: x, y = (1 - |q|) sgn p, (1 - |p|) sgn q;  then divide by √((x² + y²) +
    z²).
    """
    z = (1 - p.abs()) - q.abs()
    below = z < 0
    x = torch.where(below, _with_sign(1 - q.abs(), p), p)
    y = torch.where(below, _with_sign(1 - p.abs(), q), q)
    length = square_root((x * x + y * y) + z * z)
    return x / length, y / length, z / length


def octahedral_codes(x: Tensor, y: Tensor, z: Tensor, levels: int) -> Tensor:
    """Return the index i·levels + j of the direction of a vector, with i = round((p + 1)·(levels - 1)/2) and j likewise
    from q.

    Opposite halves of a side of the square are one arc of the sphere; of two indices for one direction
    the one with the larger coordinate along that side is used, so that a decoded direction keeps its code.
    Ties round to even.  Shapes: [...] each, integers (int64) out.
    """
    half = (levels - 1) / 2
    last = levels - 1
    p, q = unfold(x, y, z)
    i = torch.round((p + 1) * half)
    j = torch.round((q + 1) * half)
    on_i, on_j = (i == 0) | (i == last), (j == 0) | (j == last)
    j = torch.where(on_i, torch.maximum(j, last - j), j)
    i = torch.where(on_j, torch.maximum(i, last - i), i)
    return (i * levels + j).long()


def octahedral_points(levels: int) -> Tensor:
    """Return all decoded directions [levels², 3], float32: p = (2i - n)/n, n = levels - 1, q alike, then `fold`."""
    whole = torch.arange(levels, dtype=torch.float32)
    side = (2 * whole - (levels - 1)) / (levels - 1)
    p, q = torch.meshgrid(side, side, indexing="ij")
    return torch.stack(fold(p.reshape(-1), q.reshape(-1)), dim=-1)


def _with_sign(size: Tensor, sign: Tensor) -> Tensor:
    return torch.where(sign < 0, -size, size)
