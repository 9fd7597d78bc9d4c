"""SevenNet's arrays as a NequIP of gaq: SevenNet-0 and other networks of the package sevenn.

SevenNet (Park et al., J. Chem. Theory Comput. 20, 4857, 2024) is built of e3nn's layers, which multiply their weights
by constants when they are used. Here the constants are in the weights. Names and shapes of the arrays are those of
sevenn 0.13; examples/sevennet writes them to a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gaq.errors import BadFile
from gaq.model.foreign import Foreign, ForeignArrays
from gaq.model.linear import Linear
from gaq.model.nequip.mixing import Mixing
from gaq.model.nequip.network import NequIP, NequIPLayer
from gaq.model.nequip.sevennet import config_from

# e3nn scales silu to a mean square of 1 for a normal x. It computes the factor from a million samples drawn with seed
# 0, so networks depend on this number and not on the integral that it approximates.
SILU = 1.6791767923989418

EMBEDDING, FREQUENCIES = "onehot_to_feature_x.linear.weight", "edge_embedding.basis_function.coeffs"
SHIFT, SCALE = "rescale_atomic_energy.shift", "rescale_atomic_energy.scale"
READOUT = ("reduce_input_to_hidden.linear.weight", "reduce_hidden_to_energy.linear.weight")
SIGNS = (EMBEDDING, FREQUENCIES, *READOUT)
CONSTANTS = (".output_mask", "._w3j_")  # of e3nn: no numbers of the network


def recognises(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Return whether names of arrays are those of SevenNet."""
    return all(name in shapes for name in SIGNS) and "0_convolution.weight_nn.layer0.weight" in shapes


def read(arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> NequIP:
    """Return the network in float32. Raises `BadFile` for what is missing, left over or cannot be represented."""
    config, species = config_from(settings)
    model = NequIP(config, species)
    given = ForeignArrays(
        {name: array for name, array in arrays.items() if array.size and not _constant(name)}, "a SevenNet"
    )
    order = np.argsort(species)
    with torch.no_grad():
        embedding = given.take(EMBEDDING, (len(species) * config.channels,)).reshape(len(species), -1)
        model.embedding.copy_(embedding[order] / len(species) ** 0.5)
        model.frequencies.copy_(given.take(FREQUENCIES, (config.basis,)))
        for i, layer in enumerate(model.layers):
            assert isinstance(layer, NequIPLayer)
            _read_layer(layer, i, given)
        for linear, name, gain in zip((model.readout.hidden, model.readout.energy), READOUT, (SILU, 1.0), strict=True):
            _fill([linear], given.take(name, (linear.weight.numel(),)), gain)
        shift, scale = (_per_species(given, name, len(species)) for name in (SHIFT, SCALE))
    if float(scale.max() - scale.min()) > 0:
        raise BadFile(f"{SCALE} differs between species, from {scale.min():g} to {scale.max():g}; expected one scale.")
    model.set_references(dict(zip(species, shift.tolist(), strict=True)), float(scale[0]))
    given.check_all_used()
    return model


def _per_species(given: ForeignArrays, name: str, count: int) -> Tensor:
    """Return one number for each species, where a single one holds for all."""
    single = given.shape(name, 1) == (1,)
    return given.take(name, (1,)).expand(count) if single else given.take(name, (count,))


def _constant(name: str) -> bool:
    return any(mark in name for mark in CONSTANTS)


def _read_layer(layer: NequIPLayer, index: int, given: ForeignArrays) -> None:
    gain = SILU if index else 1.0  # of the features before the layer
    mixings = ((layer.self_connection, "self_connection_intro", gain), (layer.send, "self_interaction_1", gain))
    for mixing, name, factor in (*mixings, (layer.receive, "self_interaction_2", 1.0)):
        linears = _linears(mixing)
        count = sum(linear.weight.numel() for linear in linears)
        _fill(linears, given.take(f"{index}_{name}.linear.weight", (count,)), factor)
    for k, linear in enumerate(layer.radial.layers):
        assert isinstance(linear, Linear)
        outputs, inputs = linear.weight.shape
        weight = given.take(f"{index}_convolution.weight_nn.layer{k}.weight", (inputs, outputs))
        _fill([linear], weight.flatten(), SILU if k else 1.0)
    layer.radial.last.weight.div_(given.take(f"{index}_convolution.denominator", (1,)))


def _linears(mixing: Mixing) -> list[Linear]:
    return [layer for layer in mixing.children() if isinstance(layer, Linear)]


def _fill(linears: Sequence[Linear], flat: Tensor, factor: float) -> None:
    """Copy weights [input, output] of one layer after the other, each divided by the root of its inputs."""
    parts = flat.split([linear.weight.numel() for linear in linears])
    for linear, part in zip(linears, parts, strict=True):
        outputs, inputs = linear.weight.shape
        linear.weight.copy_(part.reshape(inputs, outputs).t() * (factor / inputs**0.5))


FOREIGN = Foreign("SevenNet", "nequip", recognises, read)
