"""The bound on the memory that a packed file may take to run: a small file must not take a machine.

Each layout says how much its engine takes (`Layout.memory`), and the engine computes the same number, so that both
readers refuse the same files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gaq.errors import BadFile
from gaq.model.layout import Layout, Numbers

MOST_TIMES = 100  # bytes of memory per byte of file; models with few channels for each head take some 30
ALWAYS = 2**22  # bytes that any file may take


def check_memory(
    layout: Layout,
    config: Numbers,
    species: int,
    knots: int,
    slots: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    size: int,
    name: str,
) -> None:
    """Refuse a file of `size` bytes that would take more than its share. Raises `BadFile`."""
    if layout.memory is None:
        return
    needed = layout.memory(config, species, knots, slots, arrays)
    if needed > max(ALWAYS, MOST_TIMES * size):
        raise BadFile(
            f"{name} has {size} bytes and takes {needed} to run; expected at most {MOST_TIMES} for each byte of the "
            f"file. Train with fewer heads or radial functions, or more channels for each head."
        )
