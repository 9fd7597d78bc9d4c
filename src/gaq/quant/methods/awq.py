"""AWQ: finer steps for the channels that carry much."""

from __future__ import annotations

from gaq.quant.methods.weights_only import weights_only
from gaq.quant.ptq import ActivationAware
from gaq.quant.recipe import Recipe


def awq_w4() -> Recipe:
    """Four-bit weights, finer for channels that carry much (AWQ), float features.

    Source: Lin et al., AWQ, MLSys 2024. Scales are folded as in smoothquant; one step per output, no groups.
    """
    return weights_only("awq-w4", 4, ActivationAware())
