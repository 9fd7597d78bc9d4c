"""Neighbour pairs in NumPy."""

from __future__ import annotations

import numpy as np


def directed_pairs(positions: np.ndarray, cutoff: float) -> tuple[np.ndarray, np.ndarray]:
    """Return receivers and senders within `cutoff` (Å)."""
    distance = np.linalg.norm(positions[None] - positions[:, None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    receiver, sender = np.nonzero(distance < cutoff)
    return receiver, sender
