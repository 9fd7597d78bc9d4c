"""How far apart a quantity can be between a structure and its rotated copy, turned back: at worst, and on average.

An `ErrorSpread` goes along with the numbers themselves through the operations of a layer. Derivations: studies/bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gaq.model.geometry import Geometry

# silu falls to its only minimum here and rises after it; nowhere is it steeper than this.
LOWEST_OF_SILU = -1.2784645427610738
STEEPEST_OF_SILU = 1.0998393194


@dataclass(frozen=True)
class ErrorSpread:
    """Differences of scalars [atom, channel], or lengths of the differences of vectors [atom, channel].

    `worst` [atom, channel] and `norm` [atom] (Euclidean over the channels) are bounds that no rotation exceeds; both
    hold, and each is the tighter one in its place. `square` [atom, channel] is the expected mean square.
    """

    worst: Tensor
    norm: Tensor
    square: Tensor

    def __add__(self, other: ErrorSpread) -> ErrorSpread:
        return bounded(self.worst + other.worst, self.norm + other.norm, self.square + other.square)


Spreads = tuple[ErrorSpread, tuple[ErrorSpread, ...]]  # of scalars, and of vectors per degree


def bounded(worst: Tensor, norm: Tensor | None, square: Tensor) -> ErrorSpread:
    """Return a spread whose two bounds help each other: no channel exceeds the norm, nor the norm all channels
    together.
    """
    together = worst.square().sum(-1).sqrt()
    norm = together if norm is None else torch.minimum(norm, together)
    return ErrorSpread(torch.minimum(worst, norm[:, None]), norm, square)


def none_like(x: Tensor) -> ErrorSpread:
    """No difference: what rotations do not change. `x` has the shape [atom, channel] of the spread."""
    return ErrorSpread(torch.zeros_like(x), torch.zeros_like(x[:, 0]), torch.zeros_like(x))


def gathered(sent: ErrorSpread, factors: Tensor, geometry: Geometry) -> ErrorSpread:
    """Of a sum over neighbours of vectors that atoms send, times `factors` [edge, channel], which are invariants."""
    worst, square = (
        torch.zeros_like(sent.worst).index_add(0, geometry.receiver, factor * part.index_select(0, geometry.sender))
        for factor, part in ((factors.abs(), sent.worst), (factors.square(), sent.square))
    )
    return bounded(worst, None, square)


def linear(spread: ErrorSpread, weight: Tensor) -> ErrorSpread:
    """Behind x Wᵀ: |Δy_o| ≤ Σ_c |W_oc| |Δx_c| and ≤ ‖W_o‖ ‖Δx‖; ‖Δy‖ ≤ ‖W‖₂ ‖Δx‖; squares of channels add."""
    rows = weight.square().sum(-1).sqrt()
    worst = torch.minimum(spread.worst @ weight.abs().t(), spread.norm[:, None] * rows)
    norm = torch.linalg.matrix_norm(weight, 2) * spread.norm
    return bounded(worst, norm, spread.square @ weight.square().t())


def times(a: Tensor, da: ErrorSpread, b: Tensor, db: ErrorSpread, mean_square: float = 1.0) -> ErrorSpread:
    """Of a product of sizes a and b: |a||Δb| + |b||Δa| + |Δa||Δb|, also for a scalar and a vector.

    `mean_square` < 1: of a product of two features of those lengths which is that large on average over directions of
    either, if both are of length 1: 1/components for the dot product, `Coupling.mean_square` for a coupling.
    """
    worst = a.abs() * db.worst + b.abs() * da.worst + da.worst * db.worst
    norm = (a.abs() + da.worst).amax(-1) * db.norm + b.abs().amax(-1) * da.norm
    square = (a.square() * db.square + b.square() * da.square + da.square * db.square) * mean_square
    return bounded(worst, norm, square)


def length(da: ErrorSpread, components: int) -> ErrorSpread:
    """Of the length of a vector, which changes by no more than the vector does."""
    return ErrorSpread(da.worst, da.norm, da.square / components)


def silu(x: Tensor, dx: ErrorSpread) -> ErrorSpread:
    """Of silu(x): the largest change within [x − Δ, x + Δ] is at an end or at the minimum."""
    here = torch.nn.functional.silu(x)
    low, high = x - dx.worst, x + dx.worst
    ends = (low, high, torch.minimum(torch.maximum(torch.full_like(x, LOWEST_OF_SILU), low), high))
    worst = torch.stack([(torch.nn.functional.silu(end) - here).abs() for end in ends]).amax(0)
    gate = torch.sigmoid(x)
    slope = gate * (1 + x * (1 - gate))
    return bounded(worst, STEEPEST_OF_SILU * dx.norm, slope.square() * dx.square)


def joined(parts: list[ErrorSpread]) -> ErrorSpread:
    """Of features side by side."""
    norm = torch.stack([part.norm.square() for part in parts]).sum(0).sqrt()
    return bounded(torch.cat([p.worst for p in parts], -1), norm, torch.cat([p.square for p in parts], -1))


def most_flips(distance: Tensor, dx: ErrorSpread) -> Tensor:
    """Return how many channels of an atom [atom] can cross a threshold that is `distance` [atom, channel] away.

    A channel has to come as far as its own bound allows, and all that cross together no farther than the norm: the
    nearest thresholds are the cheapest, so the largest k whose k smallest squares sum to norm² at most is the answer.
    """
    reachable = torch.where(distance <= dx.worst, distance, torch.inf)
    spent = reachable.sort(-1).values.square().cumsum(-1)
    return (spent <= dx.norm.square()[:, None] * (1 + 1e-12)).sum(-1) * (dx.norm > 0)


def flipped(square: Tensor, step: Tensor) -> Tensor:
    """Return the mean square difference behind equal steps: that before them, and that of codes which fall apart.

    Two numbers that differ by δ lie k steps or k + 1 steps apart; averaged over where they lie, the square is
    δ² + step² f (1 − f), f the rest of δ/step. For δ of variance σ² that is σ² + step² min(σ√(2/π)/step, 1/6), roughly.
    """
    safe = torch.where(step > 0, step, torch.ones_like(step))
    share = (torch.sqrt(square) * math.sqrt(2 / math.pi) / safe).clamp(max=1 / 6)
    return square + torch.where(step > 0, step.square() * share, torch.zeros_like(share))
