"""An `ErrorSpread` through one layer of the transformer: the equivariance error that it adds, at worst and on average.

The layer is given features that rotate exactly, and the structure as it lies; what comes out holds for every rotation
of it. Attention, radial functions and scalars see invariants alone and add nothing; vectors that are rounded in the
axes of space do, and with them everything after them. Derivation: docs/bound.md.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gaq.cost import rounding, spread
from gaq.cost.spread import ErrorSpread, bounded, none_like
from gaq.geometry.vectors import smooth_length
from gaq.model.geometry import Geometry
from gaq.model.linear import Linear
from gaq.model.message import Message
from gaq.model.transformer import Flow, Transformer
from gaq.model.update import Update
from gaq.quant.quantizer import Quantizer
from gaq.quant.scheme import magnitude

Spreads = tuple[ErrorSpread, tuple[ErrorSpread, ...]]  # of scalars, and of vectors per degree


@torch.no_grad()
def spread_of_layer(model: Transformer, index: int, state: Flow, geometry: Geometry) -> Spreads:
    """Return spreads of the features after layer `index` in the lab gauge, for features `state` before it.

    In the local gauge there is nothing to bound: all numbers after the geometry are invariants.
    """
    s, v = state
    message, update = model.messages[index], model.updates[index]
    assert isinstance(message, Message)
    assert isinstance(update, Update)
    sent, received = message(s, v, geometry)
    apart = tuple(_received(message, degree, s, x, geometry) for degree, x in enumerate(v, start=1))
    v = tuple(old + new for old, new in zip(v, received, strict=True))
    return _update(update, s + sent, v, apart, geometry)


def _received(message: Message, degree: int, s: Tensor, v: Tensor, geometry: Geometry) -> ErrorSpread:
    """Of the vectors after the messages: sums over neighbours of what rounding does to the vectors they send."""
    nothing = none_like(magnitude(v))
    if message.first:
        return nothing
    slot = message.vectors[degree - 1]
    assert isinstance(slot, Quantizer)
    if slot.calibrated is None:
        return nothing
    c = message.channels
    query, key, _ = message.project(s, species=geometry.species).split((c, c, 2 * c), -1)
    weight = message.attention(query, key, geometry)
    weight = weight[:, :, None].expand(-1, -1, c // message.heads).reshape(-1, 1, c)
    filters = ((geometry.radial @ message.filters).unflatten(-1, (-1, c)) * weight)[:, message.degrees + degree]
    sent = rounding.vectors(slot, v, nothing)
    worst, square = (
        torch.zeros_like(sent.worst).index_add(0, geometry.receiver, factor * part.index_select(0, geometry.sender))
        for factor, part in ((filters.abs(), sent.worst), (filters.square(), sent.square))
    )
    return bounded(worst, None, square)


def _update(
    update: Update, s: Tensor, v: tuple[Tensor, ...], apart: tuple[ErrorSpread, ...], geometry: Geometry
) -> Spreads:
    channels, degrees = update.channels, len(v)
    a, da, products, dproducts, norms, dnorms = [], [], [], [], [], []
    for mix, x, dx in zip(update.mix, v, apart, strict=True):
        assert isinstance(mix, Linear)
        one, other = mix(x, species=geometry.species).split(channels, -1)
        rounded = rounding.vectors(mix.input_quantizer, x, dx)
        done, dother = (spread.linear(rounded, half) for half in _weight(mix).split(channels))
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
        rounding.scalars(update.hidden.input_quantizer, joined, djoined, geometry.species), _weight(update.hidden)
    )
    inner = torch.nn.functional.silu(hidden)
    dinner = rounding.scalars(update.gates.input_quantizer, inner, spread.silu(hidden, dhidden), geometry.species)
    gate = update.gates(inner, species=geometry.species).split(channels, -1)
    dgate = [spread.linear(dinner, part) for part in _weight(update.gates).split(channels)]
    scalars = dgate[0]
    for k in range(degrees):
        scalars = scalars + spread.times(gate[1 + k], dgate[1 + k], products[k], dproducts[k])
    grown = tuple(
        apart[k] + spread.times(gate[1 + degrees + k], dgate[1 + degrees + k], magnitude(a[k]), da[k])
        for k in range(degrees)
    )
    return scalars, grown


def _weight(layer: Linear) -> Tensor:
    return layer.weight_quantizer(layer.weight).value
