"""LSQ: every step of weights and features is learned."""

from __future__ import annotations

from gaq.quant.observe import MeanMagnitude
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.rules import QUERY_KEY_BITS, READOUT_WEIGHTS, Rules, features, queries, recipe_of
from gaq.quant.slot import Role
from gaq.quant.spec import Uniform
from gaq.quant.wrappers import Learned


def lsq_w8a8() -> Recipe:
    """Eight bits, every step of weights and features learned (LSQ), one per tensor.

    Source: Esser et al., Learned Step Size Quantization, ICLR 2020: start 2·mean|x|/√high, gradient over √(N·high).
    """
    return _lsq("lsq-w8a8", 8)


def lsq_w4a8() -> Recipe:
    """As lsq-w8a8 with four-bit weights, those of the readout at eight, as the source keeps its last layer."""
    return _lsq("lsq-w4a8", 4)


def _lsq(name: str, weight_bits: int) -> Recipe:
    weight, feature = Learned(Uniform(weight_bits)), Learned(Uniform(8))
    start = MeanMagnitude()
    learned: Rules = (Rule(Role.SCALAR_WEIGHT, weight, start), Rule(Role.VECTOR_WEIGHT, weight, start))
    if weight_bits < 8:
        learned += (Rule(READOUT_WEIGHTS, Learned(Uniform(8)), start),)
    return recipe_of(
        name,
        "learned steps, one per tensor",
        learned,
        features(feature, start, feature, start),
        queries(QUERY_KEY_BITS),
    )
