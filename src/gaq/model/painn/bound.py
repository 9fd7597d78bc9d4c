"""An `ErrorSpread` through one layer of PaiNN: the equivariance error that it adds, at worst and on average.

As of the transformer (studies/bound): functions of distance and scalars before the update see invariants alone and add
nothing; vectors that are rounded in the axes of space do, and with them everything behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import silu

from gaq.geometry.vectors import smooth_length
from gaq.model import rounding_spread as rounding
from gaq.model import spread
from gaq.model.flow import Flow
from gaq.model.geometry import Geometry
from gaq.model.spread import ErrorSpread, Spreads, none_like
from gaq.quant.scheme import magnitude

if TYPE_CHECKING:
    from gaq.model.painn.network import PaiNNLayer, PaiNNMessage, PaiNNUpdate


@torch.no_grad()
def spread_of_layer(layer: PaiNNLayer, state: Flow, geometry: Geometry) -> Spreads:
    """Return spreads of the features behind a layer in the lab gauge, for features `state` before it."""
    functions = layer.functions(geometry)
    scalars, vectors = layer.message(state, functions, geometry)
    apart = _received(layer.message, state, functions, geometry)
    return _update(layer.update, state.scalars + scalars, state.vectors[0] + vectors, apart, geometry)


def _received(message: PaiNNMessage, state: Flow, functions: Tensor, geometry: Geometry) -> ErrorSpread:
    """Of the vectors after the messages: sums over neighbours of what rounding does to the vectors they send."""
    (v,) = state.vectors
    nothing = none_like(magnitude(v))
    if message.first or message.slot.calibrated is None:
        return nothing
    factors = message.factors(state.scalars, functions, geometry).chunk(3, -1)[1]
    return spread.gathered(rounding.vectors(message.slot, v, nothing), factors, geometry)


def _update(update: PaiNNUpdate, s: Tensor, v: Tensor, apart: ErrorSpread, geometry: Geometry) -> Spreads:
    channels, components = update.channels, v.shape[-2]
    a, b = update.mix1(v, species=geometry.species).split(channels, -1)
    rounded = rounding.vectors(update.mix1.input_quantizer, v, apart)
    da, db = (spread.linear(rounded, half) for half in update.mix1.rounded_weight().split(channels))
    product = (a * b).sum(-2)
    dproduct = spread.times(magnitude(a), da, magnitude(b), db, 1 / components)
    joined = torch.cat([s, smooth_length(b, -2)], -1)
    djoined = rounding.scalars(
        update.hidden.input_quantizer,
        joined,
        spread.joined([none_like(s), spread.length(db, components)]),
        geometry.species,
    )
    hidden = update.hidden(joined, species=geometry.species)
    dhidden = spread.silu(hidden, spread.linear(djoined, update.hidden.rounded_weight()))
    inner = silu(hidden)
    dinner = rounding.scalars(update.gates.input_quantizer, inner, dhidden, geometry.species)
    _, dot, scale = update.gates(inner, species=geometry.species).split(channels, -1)
    down, ddot, dscale = (spread.linear(dinner, part) for part in update.gates.rounded_weight().split(channels))
    scalars = down + spread.times(dot, ddot, product, dproduct)
    return scalars, (apart + spread.times(scale, dscale, magnitude(a), da),)
