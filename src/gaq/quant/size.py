"""How large the weights of a model are once packed."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from gaq.quant.quantizer import Quantizer, weight_bits
from gaq.quant.slot import WEIGHTS


def weight_footprint(quantizers: Iterable[Quantizer]) -> dict[str, float]:
    """`weight_bytes` of all linear weights with their steps, and `bits_per_weight`, the steps counted in.

    Embeddings, biases and radial functions are not weights in this sense: they stay in float in every recipe.
    """
    bits, count = 0, 0
    for quantizer in quantizers:
        if quantizer.slot.role in WEIGHTS:
            codes, steps = weight_bits(quantizer)
            bits += codes + steps
            count += prod(size or 0 for size in quantizer.slot.shape)
    return {"weight_bytes": bits / 8, "bits_per_weight": bits / max(1, count)}
