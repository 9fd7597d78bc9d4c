"""GPTQ: weights are rounded input by input, and the rest make up for each error."""

from __future__ import annotations

from gaq.quant.methods.weights_only import weights_only
from gaq.quant.ptq import Gptq
from gaq.quant.recipe import Recipe


def gptq_w8() -> Recipe:
    """Eight-bit weights rounded so that errors make up for each other (GPTQ), float features.

    Source: Frantar et al., GPTQ, ICLR 2023. The Hessian of a channel mixing is Σ_m V_m V_mᵀ, which no rotation
    changes; weights alone are rounded, so symmetry and conservation stay exact.
    """
    return weights_only("gptq-w8", 8, Gptq())


def gptq_w4() -> Recipe:
    """As gptq-w8 with four-bit weights, those of the readout at eight."""
    return weights_only("gptq-w4", 4, Gptq())
