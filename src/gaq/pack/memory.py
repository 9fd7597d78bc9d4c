"""How much memory an engine takes to open a packed file, and the bound on it: a small file must not take a machine.

The engine pads channels to whole registers and combines tables for each layer, so that memory can exceed the file many
times. This is an upper bound of what it holds, from the sizes in the header; native/src/file/memory.cpp computes the
same number, and both readers refuse the same files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gaq.errors import BadFile
from gaq.pack.layout import Numbers, linears, radial_functions

LANES = 16  # channels of a register
FLOAT = 4  # bytes
COEFFICIENTS = 6  # of the polynomial between two knots
MOST_TIMES = 100  # bytes of memory per byte of file; models with few channels for each head take some 30
ALWAYS = 2**22  # bytes that any file may take


def check_memory(
    config: Numbers,
    species: int,
    knots: int,
    slots: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    size: int,
    name: str,
) -> None:
    """Refuse a file of `size` bytes that would take more than its share. Raises `BadFile`."""
    needed = opened_bytes(config, species, knots, slots, arrays)
    if needed > max(ALWAYS, MOST_TIMES * size):
        raise BadFile(
            f"{name} has {size} bytes and takes {needed} to run; expected at most {MOST_TIMES} for each byte of the "
            f"file. Train with fewer heads or radial functions, or more channels for each head."
        )


def opened_bytes(
    config: Numbers, species: int, knots: int, slots: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> int:
    """Return bytes that an engine needs for the weights, tables and quantization schemes of a file, at most."""
    channels = config.heads * _padded(config.channels // config.heads)
    sections, hidden = (1 + 2 * config.degrees) * channels, _padded(config.hidden)
    sides = {  # padded inputs and outputs by the last part of a layer's name
        "project": (channels, 4 * channels),
        "output": (channels, channels),
        **{f"mix{degree}": (channels, 2 * channels) for degree in range(1, config.degrees + 1)},
        "hidden": (sections, hidden),
        "gates": (hidden, sections),
        "energy": (channels, LANES),
    }
    total = 0
    for layer in range(config.layers):
        row = radial_functions(config, layer) * channels + _padded(config.heads)
        total += (knots - 1) * COEFFICIENTS * row * FLOAT
    for linear in linears(config):
        part = linear.name.rpartition(".")[2]
        inputs, outputs = (channels, channels) if linear.name == "readout.hidden" else sides[part]
        scheme = slots[f"{linear.name}.input"]
        rows = species * (int(scheme.get("principal", 0)) + bool(scheme.get("centred")))
        total += 2 * FLOAT * inputs * outputs  # forward and backward
        total += FLOAT * (rows * (inputs + outputs) + _padded(rows) * inputs)
    for name, scheme in slots.items():
        total += 2 * FLOAT * _numbers(name, scheme, arrays)  # as the file says it, and as the engine uses it
    return total


def _numbers(name: str, scheme: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> int:
    """Levels, thresholds, directions and cells of a slot, which several slots may share in the file."""
    names = [f"{name}.levels", f"{name}.thresholds"]
    if scheme.get("directions") == "codebook":
        book = scheme.get("book", name)
        names += [f"{book}.points", f"{book}.cells"]
    return sum(arrays[key].size for key in names if key in arrays)


def _padded(count: int) -> int:
    return -(-count // LANES) * LANES
