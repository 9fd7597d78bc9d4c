"""Standard normal numbers as a function of (seed, stream, step, block), identical to those of the native engine.

There is no state: a resumed run draws the same numbers. Box and Muller's method with additions, multiplications,
divisions and square roots only, because logarithm and cosine of libraries differ between machines. Twin of
native/src/dynamics/random.cpp, operation by operation.
"""

from __future__ import annotations

import numpy as np

LANGEVIN_STREAM, RESCALE_STREAM = 1, 2

HALF_PI = np.pi / 2
LOG_TWO = 0.693147180559945309417
HALF_ROOT = 0.707106781186547524401  # √½
LOG_TERMS = 11
TURN_TERMS = 9


def normals(seed: int, stream: int, step: int, blocks: int) -> np.ndarray:
    """Return independent standard normal numbers [block, 4], float64.

    Random words are those of Philox 4×64 with ten rounds, counted from (1, step, 0, 0) with the key (seed, stream).
    Salmon et al., SC 2011.
    """
    counter, key = (np.array(words, dtype=np.uint64) for words in ((0, step, 0, 0), (seed, stream)))
    source = np.random.Philox(counter=counter, key=key)
    words = (source.random_raw(4 * blocks) >> np.uint64(11)).astype(np.float64).reshape(blocks, 2, 2)
    lengths = np.sqrt(-2 * _logarithm((words[..., 0] + 0.5) * 2.0**-53))
    cosine, sine = _turn(words[..., 1] * 2.0**-53)
    return np.stack((lengths * cosine, lengths * sine), axis=-1).reshape(blocks, 4)


def _logarithm(x: np.ndarray) -> np.ndarray:
    """Return ln x for x > 0: x = m 2ᵉ with √½ ≤ m < √2, and ln m = 2 artanh((m − 1)/(m + 1))."""
    m, exponent = np.frexp(x)
    low = m < HALF_ROOT
    m, exponent = np.where(low, m * 2, m), np.where(low, exponent - 1, exponent)
    s = (m - 1) / (m + 1)
    squared = s * s
    total = np.zeros_like(s)
    for k in range(LOG_TERMS, -1, -1):
        total = total * squared + 1.0 / (2 * k + 1)
    return np.asarray(exponent * LOG_TWO + 2 * s * total)


def _turn(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return cos and sin of 2π u for 0 ≤ u < 1, by the series about the middle of the quadrant."""
    quarter = np.floor(4 * u)
    x = HALF_PI * ((4 * u - quarter) - 0.5)
    squared = x * x
    c, s = np.zeros_like(x), np.zeros_like(x)
    for k in range(TURN_TERMS, 0, -1):
        c = (1 - c) * squared / ((2 * k - 1) * (2 * k))
        s = (1 - s) * squared / ((2 * k) * (2 * k + 1))
    c, s = 1 - c, x * (1 - s)
    along, across = (c - s) * HALF_ROOT, (c + s) * HALF_ROOT  # rotated by π/4
    first, second, third = (quarter == q for q in range(3))
    cosine = np.where(first, along, np.where(second, -across, np.where(third, -along, across)))
    sine = np.where(first, across, np.where(second, along, np.where(third, -across, -along)))
    return cosine, sine
