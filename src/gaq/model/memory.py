"""Parts of the memory that an engine takes to open a packed file; native/src/file/memory.cpp says the same.

Engines pad channels to whole registers and combine tables for each layer, so that memory can exceed the file many
times. Without torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

LANES = 16  # channels of a register
FLOAT = 4  # bytes
COEFFICIENTS = 6  # of the polynomial between two knots


def padded(count: int) -> int:
    """Return the number of channels in whole registers."""
    return -(-count // LANES) * LANES


def table_bytes(knots: int, functions: int) -> int:
    """Return the bytes of a layer's radial functions."""
    return (knots - 1) * COEFFICIENTS * functions * FLOAT


def linear_bytes(inputs: int, outputs: int, species: int, scheme: Mapping[str, Any]) -> int:
    """Return the bytes of a linear layer, forward and backward, and of what the scheme of its input takes off."""
    rows = species * (int(scheme.get("principal", 0)) + bool(scheme.get("centred")))
    return 2 * FLOAT * inputs * outputs + FLOAT * (rows * (inputs + outputs) + padded(rows) * inputs)


def scheme_bytes(slots: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> int:
    """Return the bytes of levels, thresholds, directions and cells: as in the file, and as the engine uses them."""
    return sum(2 * FLOAT * _numbers(name, scheme, arrays) for name, scheme in slots.items())


def _numbers(name: str, scheme: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> int:
    """Return numbers of a slot, which several slots may share in the file."""
    names = [f"{name}.levels", f"{name}.thresholds"]
    if scheme.get("directions") == "codebook":
        book = scheme.get("book", name)
        names += [f"{book}.points", f"{book}.cells"]
    return sum(arrays[key].size for key in names if key in arrays)
