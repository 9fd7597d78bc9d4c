"""How much memory an engine takes to open a packed transformer. Without torch.

The engine pads channels to whole registers and combines tables for each layer, so that memory can exceed the file many
times. This is an upper bound of what it holds, from the sizes in the header; native/src/networks/transformer/memory.cpp
computes the same number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gaq.model.transformer.shapes import TransformerNumbers, linears, radial_functions

LANES = 16  # channels of a register
FLOAT = 4  # bytes
COEFFICIENTS = 6  # of the polynomial between two knots


def opened_bytes(
    config: TransformerNumbers, species: int, knots: int, slots: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
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
