"""Networks of earlier releases under a name of today: what a reader says of their files. Without torch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gaq.version import __version__

TRANSFORMER = "transformer"
NO_LIMIT = 1e18  # its square is still a float32


def first_generation(what: str, version: str, expected: int, writer: str) -> str:
    """Return the sentence that refuses a transformer that sends vectors over edges, with versions of its file."""
    return (
        f"{what} holds a transformer of the first generation (version {version} of its format); this gaq "
        f"({__version__}) has the second, from version {expected} on: its weights have other shapes. Train it again "
        f"with this gaq, or use the gaq that wrote it ({writer})."
    )


def without_limits(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Add to the arrays of a transformer limits of its features that change nothing."""
    gates = ".update.gates.weight"
    layers = [key.removesuffix(gates) for key in arrays if key.endswith(gates)]
    channels = arrays["embedding"].shape[-1] if layers and "embedding" in arrays else 0
    limits = np.full((2, channels), NO_LIMIT, dtype=np.float32)
    return {**arrays, **{f"{layer}.update.limits": limits for layer in layers}}
