"""Writes octahedral.txt beside this file: decoded directions of the octahedral codes.

One line a code: levels, then the SHA-256 of all its points [levels², 3] in little-endian float32; for the smallest
codes, one more line a point with its three numbers as hexadecimal floats, so that a difference can be seen.
Run as `python native/tests/golden/write_octahedral.py`.
"""

from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaq.geometry.octahedral import octahedral_points

SPELLED_OUT = 8  # levels up to which points are written one by one
Floats = NDArray[np.float32]


def main() -> None:
    """Write the file, after a look at whether the formula here is that of the package."""
    lines = []
    for bits in range(4, 17, 2):
        levels = 2 ** (bits // 2)
        points = exact_points(levels)
        if not np.allclose(points, octahedral_points(levels).numpy(), rtol=0, atol=3e-7):
            raise SystemExit(f"octahedral_points({levels}) and the formula of this file differ")
        lines.append(f"{levels} {sha256(points.astype('<f4').tobytes()).hexdigest()}")
        if levels <= SPELLED_OUT:
            lines += [" ".join(float(number).hex() for number in point) for point in points]
    Path(__file__).with_name("octahedral.txt").write_text("\n".join(lines) + "\n")


def exact_points(levels: int) -> Floats:
    """`octahedral_points` operation by operation in NumPy, for a square root that is rounded as IEEE 754 says."""
    one, whole, last = np.float32(1), np.arange(levels, dtype=np.float32), np.float32(levels - 1)
    side = (np.float32(2) * whole - last) / last
    p, q = (axis.reshape(-1) for axis in np.meshgrid(side, side, indexing="ij"))
    z = (one - np.abs(p)) - np.abs(q)
    x = np.where(z < 0, _with_sign(one - np.abs(q), p), p)
    y = np.where(z < 0, _with_sign(one - np.abs(p), q), q)
    length = np.sqrt((x * x + y * y) + z * z)
    return np.stack((x / length, y / length, z / length), axis=-1)


def _with_sign(size: Floats, sign: Floats) -> Floats:
    return np.where(sign < 0, -size, size)


if __name__ == "__main__":
    main()
