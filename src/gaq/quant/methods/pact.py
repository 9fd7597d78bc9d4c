"""PACT: the range of every feature is learned from what it clips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from gaq.quant.learned import LearnedStep
from gaq.quant.observe import Percentile
from gaq.quant.quantized import Quantized
from gaq.quant.recipe import Recipe
from gaq.quant.rules import QUERY_KEY_BITS, features, queries, recipe_of, weights
from gaq.quant.slot import WEIGHTS, Slot
from gaq.quant.spec import Uniform
from gaq.quant.wrappers import Trained

# Weight of the penalty on a learned range: it counts (range / start)².
RANGE_DECAY = 1e-4


@dataclass(frozen=True)
class LearnedRange(Trained):
    """The range of a feature is a trained parameter: another gradient for the same number as a learned step."""

    refusal = ""

    def misfits(self, slot: Slot) -> Iterator[str]:
        """Yield the reasons against a slot."""
        if slot.role in WEIGHTS:
            yield "a learned range is for features; use Learned"


class LearnedClip(LearnedStep):
    """A range that is trained: only what lies outside says whether it should grow, a penalty lets it shrink.

    The start is what calibration finds, for a range that begins far outside would take long to come in. Features
    here have two signs, so the range is from -α to α where the source has 0 to α.
    Source: Choi et al., PACT, arXiv 1805.06085, section 3.
    """

    def forward(self, x: Tensor, species: Tensor | None = None) -> Quantized:
        if self.auxiliary_losses is not None:
            self.auxiliary_losses.append(RANGE_DECAY * self.factor.square().sum())
        return super().forward(x)

    def step_error(self, codes: Tensor, scaled: Tensor, inside: Tensor, shared: int) -> Tensor:
        return torch.where(inside, torch.zeros_like(codes), codes)


def pact() -> Recipe:
    """Eight bits; the range of every feature is learned from what it clips (PACT).

    Source: Choi et al., PACT, arXiv 1805.06085. Its weights are those of DoReFa, which would hide on a trained parent
    what the ranges do: here weights are rounded plainly, one step per tensor.
    """
    learned = LearnedRange(Uniform(8))
    return recipe_of(
        "pact",
        "8 bits, learned ranges of features",
        weights(Uniform(8), Uniform(8)),
        features(learned, Percentile(99.9), learned, Percentile(99.9)),
        queries(QUERY_KEY_BITS),
    )
