"""An `ErrorSpread` through one layer of the transformer: the equivariance error that it adds, at worst and on average.

The layer is given features that rotate exactly, and the structure as it lies; what comes out holds for every rotation
of it. Attention, radial functions and scalars see invariants alone and add nothing; vectors that are rounded in the
axes of space do, and with them everything after them. Derivation: studies/bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gaq.geometry.vectors import smooth_length
from gaq.model import rounding_spread as rounding
from gaq.model import spread
from gaq.model.flow import Flow
from gaq.model.geometry import Geometry
from gaq.model.spread import ErrorSpread, Spreads, none_like
from gaq.model.transformer.update import Update
from gaq.quant.scheme import magnitude

if TYPE_CHECKING:
    from gaq.model.transformer.network import TransformerLayer


@torch.no_grad()
def spread_of_layer(layer: TransformerLayer, state: Flow, geometry: Geometry) -> Spreads:
    """Return spreads of the features after a layer in the lab gauge, for features `state` before it.

    In the local gauge there is nothing to bound: all numbers after the geometry are invariants.
    """
    s, v = state
    weight, sent = layer.attention(s, geometry)
    gathered, received = layer.message(sent, layer.factors(weight, geometry), geometry)
    apart = tuple(none_like(magnitude(x)) for x in v)
    v = tuple(old + new for old, new in zip(v, received, strict=True))
    return _update(layer.update, s + layer.attention.output(gathered, species=geometry.species), v, apart, geometry)


def _update(
    update: Update, s: Tensor, v: tuple[Tensor, ...], apart: tuple[ErrorSpread, ...], geometry: Geometry
) -> Spreads:
    channels, degrees = update.channels, len(v)
    a, da, products, dproducts, norms, dnorms = [], [], [], [], [], []
    for mix, x, dx in zip(update.mix, v, apart, strict=True):
        one, other = mix(x, species=geometry.species).split(channels, -1)
        rounded = rounding.vectors(mix.input_quantizer, x, dx)
        done, dother = (spread.linear(rounded, half) for half in mix.rounded_weight().split(channels))
        components = x.shape[-2]
        a.append(one)
        da.append(done)
        products.append((one * other).sum(-2))
        dproducts.append(spread.times(magnitude(one), done, magnitude(other), dother, components))
        norms.append(smooth_length(other, -2))
        dnorms.append(spread.length(dother, components))
    joined = torch.cat([s, *products, *norms], -1)
    djoined = spread.joined([none_like(s), *dproducts, *dnorms])
    hidden = update.hidden(joined, species=geometry.species)
    dhidden = spread.linear(
        rounding.scalars(update.hidden.input_quantizer, joined, djoined, geometry.species),
        update.hidden.rounded_weight(),
    )
    inner = torch.nn.functional.silu(hidden)
    dinner = rounding.scalars(update.gates.input_quantizer, inner, spread.silu(hidden, dhidden), geometry.species)
    gate = update.gates(inner, species=geometry.species).split(channels, -1)
    dgate = [spread.linear(dinner, part) for part in update.gates.rounded_weight().split(channels)]
    scalars = dgate[0]
    for k in range(degrees):
        scalars = scalars + spread.times(gate[1 + k], dgate[1 + k], products[k], dproducts[k])
    if update.last:
        return scalars, apart
    grown = tuple(
        apart[k] + spread.times(gate[1 + degrees + k], dgate[1 + degrees + k], magnitude(a[k]), da[k])
        for k in range(degrees)
    )
    return scalars, grown
