"""An `ErrorSpread` through one layer of the transformer: the equivariance error that it adds, at worst and on average.

The layer is given features that rotate exactly, and the structure as it lies; what comes out holds for every rotation
of it. Attention, radial functions and messages see invariants and exact harmonics, and add nothing; vectors that are
rounded in the axes of space do, and with them everything after them. Derivation: studies/bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import silu

from gaq.geometry.coupling import Coupling, products
from gaq.geometry.vectors import smooth_length
from gaq.model import rounding_spread as rounding
from gaq.model import spread
from gaq.model.flow import Flow
from gaq.model.geometry import Geometry
from gaq.model.linear import Linear
from gaq.model.spread import ErrorSpread, Spreads, none_like
from gaq.model.transformer.update import Update
from gaq.quant.scheme import magnitude

if TYPE_CHECKING:
    from gaq.model.transformer.network import TransformerLayer


@torch.no_grad()
def spread_of_layer(layer: TransformerLayer, state: Flow, geometry: Geometry) -> Spreads:
    """Return spreads of the features after a layer in the lab gauge, for features `state` before it.

    Messages are invariants times harmonics, so what atoms receive is exact. In the local gauge there is nothing to
    bound: all numbers after the geometry are invariants.
    """
    s, v = state
    weight, sent = layer.attention(s, geometry)
    gathered, received = layer.message(sent, layer.factors(weight, geometry), geometry)
    v = tuple(old + new for old, new in zip(v, received, strict=True))
    return _update(layer.update, s + layer.attention.output(gathered, species=geometry.species), v, geometry)


@dataclass(frozen=True)
class _Feature:
    """A feature of one degree [atom, 2l+1, channel], and its spread."""

    value: Tensor
    spread: ErrorSpread

    @property
    def size(self) -> Tensor:
        return magnitude(self.value)


# The limits of features behind an update lengthen no difference, so spreads pass them as they are.
def _update(update: Update, s: Tensor, v: tuple[Tensor, ...], geometry: Geometry) -> Spreads:
    a, b = zip(*(_mixed(mix, x, geometry) for mix, x in zip(update.mix, v, strict=True)), strict=True)
    made = _products(update, a, b)
    dots = [_dot(x, y) for x, y in zip(a, b, strict=True)]
    norms = [(smooth_length(y.value, -2), spread.length(y.spread, y.value.shape[-2])) for y in b]
    higher = [_dot(x, y) for x, y in zip(a, made, strict=False)]
    read = [(s, none_like(s)), *dots, *norms, *higher]
    gate, dgate = _gates(update, torch.cat([x for x, _ in read], -1), spread.joined([dx for _, dx in read]), geometry)
    degrees = len(v)
    scalars = dgate[0]
    for k, (dot, ddot) in enumerate(dots, start=1):
        scalars = scalars + spread.times(gate[k], dgate[k], dot, ddot)
    if update.last:
        return scalars, tuple(none_like(magnitude(x)) for x in v)
    gating = list(zip(gate, dgate, strict=True))[1 + degrees :]
    grown = [spread.times(g, dg, x.size, x.spread) for (g, dg), x in zip(gating, (*a, *made), strict=True)]
    for k in range(len(made)):
        grown[k] = grown[k] + grown[degrees + k]
    return scalars, tuple(grown[:degrees])


def _mixed(mix: Linear, v: Tensor, geometry: Geometry) -> tuple[_Feature, _Feature]:
    """Return A and B of exact vectors of one degree."""
    halves = mix(v, species=geometry.species).chunk(2, -1)
    rounded = rounding.vectors(mix.input_quantizer, v, none_like(magnitude(v)))
    weights = mix.rounded_weight().chunk(2)
    one, other = (_Feature(x, spread.linear(rounded, w)) for x, w in zip(halves, weights, strict=True))
    return one, other


def _products(update: Update, a: tuple[_Feature, ...], b: tuple[_Feature, ...]) -> list[_Feature]:
    """Return C = A ⊗ B, of degrees 1 and 2. No coupling is larger than the product of the lengths of its factors."""
    values = update.products(tuple(x.value for x in a), tuple(x.value for x in b))
    if not values:
        return []

    def coupled(c: Coupling) -> ErrorSpread:
        x, y = a[c.a - 1], b[c.b - 1]
        return spread.times(x.size, x.spread, y.size, y.spread, c.mean_square)

    return [_Feature(x, dx) for x, dx in zip(values, products(coupled), strict=True)]


def _dot(x: _Feature, y: _Feature) -> tuple[Tensor, ErrorSpread]:
    components = x.value.shape[-2]
    return (x.value * y.value).sum(-2), spread.times(x.size, x.spread, y.size, y.spread, 1 / components)


def _gates(
    update: Update, x: Tensor, dx: ErrorSpread, geometry: Geometry
) -> tuple[tuple[Tensor, ...], list[ErrorSpread]]:
    """Return gates and their spreads, of what the MLP reads."""
    hidden = update.hidden(x, species=geometry.species)
    dhidden = spread.linear(
        rounding.scalars(update.hidden.input_quantizer, x, dx, geometry.species), update.hidden.rounded_weight()
    )
    inner = silu(hidden)
    dinner = rounding.scalars(update.gates.input_quantizer, inner, spread.silu(hidden, dhidden), geometry.species)
    gate = update.gates(inner, species=geometry.species).split(update.channels, -1)
    return gate, [spread.linear(dinner, part) for part in update.gates.rounded_weight().split(update.channels)]
