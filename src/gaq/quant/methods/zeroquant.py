"""ZeroQuant: weights in groups, features with a step per atom, layers distilled."""

from __future__ import annotations

from dataclasses import replace

from gaq.quant.observe import AbsMax
from gaq.quant.ptq import Reconstruct
from gaq.quant.recipe import Recipe
from gaq.quant.rules import QUERY_KEY_BITS, features, queries, recipe_of, weights
from gaq.quant.spec import Uniform


def zeroquant() -> Recipe:
    """Four-bit weights in groups of 32, eight-bit features with a step per atom, layers distilled (ZeroQuant).

    Source: Yao et al., ZeroQuant, NeurIPS 2022: group-wise weights, token-wise features, layer-by-layer distillation.
    """
    rows = Uniform(8, per="row")
    grouped = Uniform(4, per="group", group=32)
    recipe = recipe_of(
        "zeroquant",
        "grouped weights, a step per atom",
        weights(grouped, grouped),
        features(rows, AbsMax(), rows, AbsMax()),
        queries(QUERY_KEY_BITS),
    )
    return replace(recipe, ptq_passes=(Reconstruct(learn="weights", same_input=True),))
