"""LSQ: every step of weights and features is learned."""

from __future__ import annotations

from dataclasses import dataclass

from gaq.quant.learned import LearnedStep
from gaq.quant.observe import MeanMagnitude
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.rules import QUERY_KEY_BITS, READOUT_WEIGHTS, Rules, features, queries, recipe_of
from gaq.quant.slot import Role
from gaq.quant.spec import Uniform
from gaq.quant.wrappers import Learned


@dataclass(frozen=True)
class FreelyLearned(Learned):
    """A learned step that moves as fast as the weights, as in the source.

    Its start is several times too wide for eight bits: at the rate of our other learned steps, which begin where the
    error is least, training is over before it is right.
    """


class FreeStep(LearnedStep):
    """Ten times as fast as other learned steps, whose rate is a tenth of that of the weights."""

    rate = 10.0


def lsq_w8a8() -> Recipe:
    """Eight bits, every step of weights and features learned (LSQ), one per tensor.

    Source: Esser et al., Learned Step Size Quantization, ICLR 2020: start 2·mean|x|/√high, gradient over √(N·high).
    """
    return _lsq("lsq-w8a8", 8)


def lsq_w4a8() -> Recipe:
    """As lsq-w8a8 with four-bit weights, those of the readout at eight, as the source keeps its last layer."""
    return _lsq("lsq-w4a8", 4)


def _lsq(name: str, weight_bits: int) -> Recipe:
    weight, feature = FreelyLearned(Uniform(weight_bits)), FreelyLearned(Uniform(8))
    start = MeanMagnitude()
    learned: Rules = (Rule(Role.SCALAR_WEIGHT, weight, start), Rule(Role.VECTOR_WEIGHT, weight, start))
    if weight_bits < 8:
        learned += (Rule(READOUT_WEIGHTS, FreelyLearned(Uniform(8)), start),)
    return recipe_of(
        name,
        "learned steps, one per tensor",
        learned,
        features(feature, start, feature, start),
        queries(QUERY_KEY_BITS),
    )
