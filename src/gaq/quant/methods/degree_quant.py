"""Degree-Quant: well-connected atoms stay in float more often in training."""

from __future__ import annotations

from dataclasses import replace

from gaq.quant.observe import Percentile
from gaq.quant.recipe import Recipe
from gaq.quant.rules import QUERY_KEY_BITS, features, queries, recipe_of, weights
from gaq.quant.spec import Uniform


def degree_quant(bits: int = 8) -> Recipe:
    """Eight bits, percentile ranges; in training, atoms with many neighbours stay in float more often (Degree-Quant).

    Source: Tailor et al., Degree-Quant, ICLR 2021: probabilities 0 to 0.1, at four bits 0.1 to 0.2. On a molecule in
    which nearly all atoms have equally many neighbours this is protection at random.
    """
    chances = (0.0, 0.1) if bits > 4 else (0.1, 0.2)
    inputs = features(Uniform(bits), Percentile(99.9), Uniform(bits), Percentile(99.9))
    spared = tuple(replace(rule, protect=chances) if rule.spec == Uniform(bits) else rule for rule in inputs)
    return recipe_of(
        "degree-quant" if bits == 8 else f"degree-quant-w{bits}a{bits}",
        "protection of well-connected atoms in training",
        weights(Uniform(bits), Uniform(bits)),
        spared,
        queries(QUERY_KEY_BITS),
    )
