"""Integers of at most four bits, two to a byte."""

from __future__ import annotations

import numpy as np

NIBBLE_BITS = 4
LOWEST, HIGHEST = -8, 7


def packed_length(count: int) -> int:
    """Return bytes that a row of so many codes takes."""
    return (count + 1) // 2


def pack_nibbles(codes: np.ndarray) -> np.ndarray:
    """Return rows of codes −8…7 [row, count] as bytes [row, ⌈count / 2⌉]: the first of a pair in the low half.

    Each half holds code & 15 (two's complement); the half that an odd row leaves over is zero. ValueError for a code
    that does not fit.
    """
    if codes.size and (codes.min() < LOWEST or codes.max() > HIGHEST):
        raise ValueError(f"codes from {codes.min()} to {codes.max()}; four bits hold {LOWEST} to {HIGHEST}")
    rows, count = codes.shape
    halves = np.zeros((rows, 2 * packed_length(count)), dtype=np.uint8)
    halves[:, :count] = codes.astype(np.int8).view(np.uint8) & 15
    packed: np.ndarray = halves[:, 0::2] | (halves[:, 1::2] << 4)
    return packed


def unpack_nibbles(packed: np.ndarray, count: int) -> np.ndarray:
    """Invert `pack_nibbles`: bytes [row, ⌈count / 2⌉] to int8 codes [row, count]."""
    halves = np.empty((packed.shape[0], 2 * packed.shape[1]), dtype=np.int8)
    halves[:, 0::2] = packed & 15
    halves[:, 1::2] = packed >> 4
    return np.where(halves > HIGHEST, halves - 16, halves).astype(np.int8)[:, :count]
