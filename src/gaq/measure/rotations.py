"""Rotations drawn in float64, and a finite group of them that floating point represents exactly."""

from __future__ import annotations

import itertools

import numpy as np


def haar_rotations(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the rotation matrices [count, 3, 3] distributed evenly over SO(3) (Haar measure).

    A quaternion of four independent normal numbers, made unit, is even on the 3-sphere: Shoemake, Graphics
    Gems III (1992).
    """
    q = rng.standard_normal((count, 4))
    w, x, y, z = (q / np.linalg.norm(q, axis=1, keepdims=True)).T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def octahedral_group() -> np.ndarray:
    """Return the 24 rotations [24, 3, 3] that carry a cube onto itself, the identity among them.

    They only swap coordinates and change signs, so that turning by them costs no rounding at all: an engine
    that fails here is wrong by construction, not by its last bits.
    """
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[np.arange(3), order] = signs
            if np.linalg.det(matrix) > 0:
                found.append(matrix)
    return np.array(found)


def axis_rotation(axis: int, angle: float) -> np.ndarray:
    """Return the rotation [3, 3] about a coordinate axis by an angle in radians, right-handed."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[second, first] = np.sin(angle)
    matrix[first, second] = -np.sin(angle)
    return matrix
