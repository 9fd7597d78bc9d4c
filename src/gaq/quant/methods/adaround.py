"""AdaRound: up or down is learned for each weight."""

from __future__ import annotations

from gaq.quant.methods.weights_only import weights_only
from gaq.quant.ptq import Reconstruct
from gaq.quant.recipe import Recipe


def adaround_w4() -> Recipe:
    """Four-bit weights; up or down is learned for each, block by block (AdaRound), float features.

    Source: Nagel et al., AdaRound, ICML 2020, with the blocks of Li et al., BRECQ, ICLR 2021: one layer each.
    """
    return weights_only("adaround-w4", 4, Reconstruct())
