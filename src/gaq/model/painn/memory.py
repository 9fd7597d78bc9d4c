"""How much memory an engine takes to open a packed PaiNN. Without torch.

native/src/networks/painn/memory.cpp computes the same number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gaq.model.memory import LANES, linear_bytes, padded, scheme_bytes, table_bytes
from gaq.model.painn.shapes import PaiNNNumbers, linears


def opened_bytes(
    config: PaiNNNumbers, species: int, knots: int, slots: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> int:
    """Return the bytes that an engine needs for the weights, tables and schemes of a file, at most."""
    channels = padded(config.channels)
    total = scheme_bytes(slots, arrays) + config.layers * table_bytes(knots, 3 * channels)
    for linear in linears(config):
        inputs, outputs = (side // config.channels * channels for side in (linear.inputs, linear.outputs))
        total += linear_bytes(inputs, outputs or LANES, species, slots[f"{linear.name}.input"])
    return total
