"""The names that tensors of PaiNN had in checkpoints of version 2, where a module's path was not that of its slot."""

from __future__ import annotations

import re
from collections.abc import Callable

Change = str | Callable[[re.Match[str]], str]


def _counted_from_one(path: str) -> Callable[[re.Match[str]], str]:
    return lambda found: path.format(found[1], int(found[2]) + 1)


CHANGES: tuple[tuple[str, Change], ...] = (
    (r"^messages\.(\d+)\.vectors\.(\d+)\.", _counted_from_one("layers.{}.message.vector.l{}.")),
    (r"^messages\.(\d+)\.filters$", r"layers.\1.filters"),
    (r"^messages\.(\d+)\.", r"layers.\1.message."),
    (r"^updates\.(\d+)\.mix\.(\d+)\.", _counted_from_one("layers.{}.update.mix{}.")),
    (r"^updates\.(\d+)\.", r"layers.\1.update."),
    (r"^readout\.", "readout.hidden."),
    (r"^energy\.", "readout.energy."),
)


QUANTIZERS = {"coded": "weight_quantizer", "input": "input_quantizer", "fitted": "calibrated"}


def new_name(old: str) -> str:
    """Return the path of a parameter or buffer of the network, given its path in version 2."""
    name = old
    for pattern, change in CHANGES:
        name, count = re.subn(pattern, change, old)
        if count:
            break
    return ".".join(QUANTIZERS.get(part, part) for part in name.split("."))
