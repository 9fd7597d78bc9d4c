"""QDrop: block reconstruction with features that pass in float by chance."""

from __future__ import annotations

from dataclasses import replace

from gaq.quant.observe import AbsMax
from gaq.quant.ptq import Reconstruct
from gaq.quant.recipe import Recipe
from gaq.quant.rules import QUERY_KEY_BITS, features, queries, recipe_of, weight_only
from gaq.quant.spec import Uniform
from gaq.quant.wrappers import Learned


def qdrop() -> Recipe:
    """Four-bit weights by AdaRound, eight-bit features with learned steps, half of them dropped meanwhile (QDrop).

    Source: Wei et al., QDrop, ICLR 2022, p = 0.5, block = one layer.
    """
    learned = Learned(Uniform(8))
    recipe = recipe_of(
        "qdrop",
        "block reconstruction with dropped rounding",
        weight_only(4, learn_step=False, group=None),
        features(learned, AbsMax(), learned, AbsMax()),
        queries(QUERY_KEY_BITS),
    )
    return replace(recipe, ptq_passes=(Reconstruct(drop=0.5),))
