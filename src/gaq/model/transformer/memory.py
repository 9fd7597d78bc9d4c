"""How much memory an engine takes to open a packed transformer. Without torch.

native/src/networks/transformer/memory.cpp computes the same number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gaq.model.memory import LANES, linear_bytes, padded, scheme_bytes, table_bytes
from gaq.model.transformer.shapes import TransformerNumbers, linears


def opened_bytes(
    config: TransformerNumbers, species: int, knots: int, slots: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> int:
    """Return the bytes that an engine needs for the weights, tables and schemes of a file, at most."""
    channels = config.heads * padded(config.channels // config.heads)
    sections, hidden = (1 + 2 * config.degrees) * channels, padded(config.hidden)
    sides = {  # padded inputs and outputs by the last part of a layer's name
        "project": (channels, 4 * channels),
        "output": (channels, channels),
        **{f"mix{degree}": (channels, 2 * channels) for degree in range(1, config.degrees + 1)},
        "hidden": (sections, hidden),
        "gates": (hidden, sections),
        "energy": (channels, LANES),
    }
    total = scheme_bytes(slots, arrays)
    for _ in range(config.layers):
        total += table_bytes(knots, (1 + config.degrees) * channels + padded(config.heads))
    for linear in linears(config):
        part = linear.name.rpartition(".")[2]
        inputs, outputs = (channels, channels) if linear.name == "readout.hidden" else sides[part]
        if part == "gates":  # fewer in the last layer
            outputs = linear.outputs // config.channels * channels
        total += linear_bytes(inputs, outputs, species, slots[f"{linear.name}.input"])
    return total
