"""Thin out long series without visible change: extremes are kept, and all points are original ones."""

from __future__ import annotations

import numpy as np


def thinned(values: np.ndarray, most: int) -> np.ndarray:
    """Return at most `most` indices of a series to draw: both ends, and minimum and maximum of equal stretches.

    Values that are not finite are kept as one point of their stretch, so that a gap remains a gap.
    """
    count = len(values)
    if count <= most:
        return np.arange(count)
    kept = {0, count - 1}
    for stretch in np.array_split(np.arange(count), max(1, (most - 2) // 3)):
        part = values[stretch]
        finite = np.isfinite(part)
        if finite.any():
            kept.add(int(stretch[np.nanargmin(np.where(finite, part, np.nan))]))
            kept.add(int(stretch[np.nanargmax(np.where(finite, part, np.nan))]))
        if not finite.all():
            kept.add(int(stretch[np.argmin(finite)]))
    return np.array(sorted(kept))


def sampled(x: np.ndarray, y: np.ndarray, most: int, seed: int = 0) -> np.ndarray:
    """Return at most `most` indices of a cloud of points: those farthest from the diagonal and at its ends, and an even
    selection of the rest.
    """
    count = len(x)
    if count <= most:
        return np.arange(count)
    outer = most // 5
    far = np.argsort(-np.abs(np.nan_to_num(y - x, nan=0.0)), kind="stable")[:outer]
    order = np.argsort(x, kind="stable")
    ends = np.concatenate([order[: outer // 4], order[-(outer // 4) :]]) if outer >= 4 else order[:0]
    kept = np.union1d(far, ends)
    others = np.setdiff1d(np.arange(count), kept)
    drawn = np.random.default_rng(seed).choice(others, most - len(kept), replace=False)
    return np.sort(np.concatenate([kept, drawn]))
