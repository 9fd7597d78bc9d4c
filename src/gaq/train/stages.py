"""Quantizer activation as a function of the epoch: branch-separated warm-up (arXiv 2603.05343)."""

from __future__ import annotations

from collections.abc import Iterable

from gaq.quant.quantizer import Quantizer
from gaq.quant.recipe import Recipe


def set_stage_(quantizers: Iterable[Quantizer], recipe: Recipe, epoch: int) -> bool:
    """Switch each quantizer on if its rule begins at or before `epoch`; returns whether all are on."""
    quantizers = list(quantizers)
    rules = recipe.resolve([q.slot for q in quantizers])
    for quantizer in quantizers:
        quantizer.active = rules[quantizer.slot.name].from_epoch <= epoch
    return all(q.active for q in quantizers)
