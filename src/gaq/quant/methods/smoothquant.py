"""SmoothQuant: range moves from features to weights, channel by channel."""

from __future__ import annotations

from dataclasses import replace

from gaq.quant.observe import AbsMax
from gaq.quant.ptq import Smooth
from gaq.quant.recipe import Recipe
from gaq.quant.rules import QUERY_KEY_BITS, features, queries, recipe_of, weights
from gaq.quant.spec import Uniform


def smoothquant() -> Recipe:
    """Eight bits; range moves from features to weights, channel by channel, and is folded in (SmoothQuant).

    Source: Xiao et al., SmoothQuant, ICML 2023, α = 0.5. Vectors count by ‖v_c‖, so the scales know no direction. A
    force field has no normalisation before its layers to fold into: where a scale can go, `train/fold.py` says.
    """
    recipe = recipe_of(
        "smoothquant",
        "8 bits with scales per channel",
        weights(Uniform(8, per="channel"), Uniform(8, per="channel")),
        features(Uniform(8), AbsMax(), Uniform(8), AbsMax()),
        queries(QUERY_KEY_BITS),
    )
    return replace(recipe, ptq_passes=(Smooth(),))
