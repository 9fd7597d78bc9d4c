"""The radial basis as one table of knots: the same numbers on every machine, and no exponential per function.

Every radial function of the network (filters, attention bias) is linear in the basis, so a table of the basis is a
table of all of them. Between knots it is a quintic with the right value, slope and curvature at both ends (Hermite):
its derivative is smooth and exact, as forces need.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import ceil, exp

import torch
from torch import Tensor
from torch.autograd.functional import jvp

from gaq.geometry.radial import exponential_basis
from gaq.model.architecture import GAUSSIANS, Grid

ALPHA_TIMES_CUTOFF = 5.0  # of the Gaussians
CLOSEST = 0.1  # Å; closer atoms are refused as coinciding
# Intervals between the centres of two neighbouring functions: with fewer the table is seen in the forces, more change
# nothing that float32 can hold (docs/decisions/0009).
INTERVALS_PER_FUNCTION = 4


@dataclass(frozen=True)
class RadialTable:
    """Basis functions at knots equidistant in u = exp(−decay r) from low (the cutoff) to high (`CLOSEST`)."""

    decay: float  # 1/Å
    low: float
    high: float
    values: Tensor  # [knot, basis] float32
    slopes: Tensor  # [knot, basis] float32: dB/du times the distance h of knots
    curvatures: Tensor  # [knot, basis] float32: d²B/du² times h² / 2

    def basis(self, distance: Tensor) -> Tensor:
        """Return the interpolated basis [..., basis] at distances [...] (Å), in their type; differentiable."""
        intervals = len(self.values) - 1
        u = torch.exp(-self.decay * distance)
        at = ((u - self.low) * (intervals / (self.high - self.low))).clamp(0, intervals)
        k = at.detach().floor().clamp(max=intervals - 1).long()
        t = (at - k)[..., None]
        v0, v1 = (self.values.to(t)[k + i] for i in (0, 1))
        s0, s1 = (self.slopes.to(t)[k + i] for i in (0, 1))
        c0, c1 = (self.curvatures.to(t)[k + i] for i in (0, 1))
        # What the parabola of the left knot leaves to value, slope and curvature at the right one.
        a, b, c = v1 - v0 - s0 - c0, s1 - s0 - 2 * c0, c1 - c0
        rest = (10 * a - 4 * b + c) + t * ((-15 * a + 7 * b - 2 * c) + t * (6 * a - 3 * b + c))
        return v0 + t * (s0 + t * (c0 + t * rest))


def radial_table(
    cutoff: float,
    basis: int,
    knots: int | None = None,
    functions: Callable[[Tensor], Tensor] | None = None,
    grid: Grid = GAUSSIANS,
) -> RadialTable:
    """Return the table of `geometry.radial.exponential_basis`, computed in float64 and rounded once.

    Other functions of distance [...] in Å → [..., basis], about as narrow as these, may take their place. `knots`
    overrules the number that the width of the functions asks for.
    """
    if functions is None:
        functions = partial(exponential_basis, cutoff=cutoff, count=basis)
    decay = grid.decay_times_cutoff / cutoff
    low, high = exp(-grid.decay_times_cutoff), exp(-decay * CLOSEST)
    knots = grid.knots if knots is None else knots
    if knots is None:
        # The distance of two Gaussians is largest in u, and least in r, where atoms are closest.
        spacing = (1 - exp(-ALPHA_TIMES_CUTOFF)) / (basis - 1) * (grid.decay_times_cutoff / ALPHA_TIMES_CUTOFF)
        knots = max(ceil(INTERVALS_PER_FUNCTION * (high - low) / spacing) + 1, grid.least_knots)
    u = torch.linspace(low, high, knots, dtype=torch.float64)
    width = (high - low) / (knots - 1)

    def basis_of(u: Tensor) -> Tensor:
        return functions(-torch.log(u) / decay)

    def slope_of(u: Tensor) -> Tensor:
        return jvp(basis_of, u, torch.ones_like(u), create_graph=True)[1]

    slopes, curvatures = jvp(slope_of, u, torch.ones_like(u))
    scaled = (slopes * width).float(), (curvatures * width**2 / 2).float()
    return RadialTable(decay, low, high, basis_of(u).float(), *scaled)
