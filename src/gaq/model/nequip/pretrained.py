"""SevenNet's arrays as a NequIP of gaq: SevenNet-0 and other networks of the package sevenn.

SevenNet (Park et al., J. Chem. Theory Comput. 20, 4857, 2024) is built of e3nn's layers, which multiply their weights
by constants when they are used. Here the constants are in the weights. Names and shapes of the arrays are those of
sevenn 0.13; examples/sevennet writes them to a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gaq.errors import BadFile
from gaq.model.foreign import Foreign, ForeignArrays
from gaq.model.linear import Linear
from gaq.model.nequip.irreps import PSEUDOSCALAR, Irrep
from gaq.model.nequip.mixing import Mixing
from gaq.model.nequip.network import NequIP, NequIPLayer
from gaq.model.nequip.sevennet import config_from

# e3nn scales silu and tanh to a mean square of 1 for a normal x. It computes the factors from a million samples drawn
# with seed 0, so networks depend on these numbers and not on the integrals that they approximate.
SILU, TANH = 1.6791767923989418, 1.5937334472592695

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
            _read_layer(layer, i, given, order)
        for linear, name, gain in zip((model.readout.hidden, model.readout.energy), READOUT, (SILU, 1.0), strict=True):
            _fill(linear, given.take(name, (linear.weight.numel(),)).reshape(linear.weight.shape[1], -1), gain)
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


def _read_layer(layer: NequIPLayer, index: int, given: ForeignArrays, order: np.ndarray) -> None:
    gains = {irrep: _gain(irrep) if index else 1.0 for irrep in layer.inputs}
    product = "fc_tensor_product" if layer.self_connection.by_species else "linear"
    _read_mixing(layer.self_connection, given, f"{index}_self_connection_intro.{product}.weight", gains, order)
    _read_mixing(layer.send, given, f"{index}_self_interaction_1.linear.weight", gains, order)
    _read_mixing(layer.receive, given, f"{index}_self_interaction_2.linear.weight", {}, order)
    for k, linear in enumerate(layer.radial.layers):
        assert isinstance(linear, Linear)
        outputs, inputs = linear.weight.shape
        weight = given.take(f"{index}_convolution.weight_nn.layer{k}.weight", (inputs, outputs))
        _fill(linear, weight, SILU if k else 1.0)
    layer.radial.last.weight.div_(given.take(f"{index}_convolution.denominator", (1,)))


def _gain(irrep: Irrep) -> float:
    """Return what a gate of e3nn multiplies features by, beside the functions themselves."""
    return TANH if irrep == PSEUDOSCALAR else SILU


def _read_mixing(
    mixing: Mixing, given: ForeignArrays, name: str, gains: Mapping[Irrep, float], order: np.ndarray
) -> None:
    """Read the layers of all irreps from one array, each [channel, output] or [channel, species, output]."""
    irreps = mixing.irreps()
    sizes = [mixing.layer(irrep).weight.numel() for irrep in irreps]
    parts = given.take(name, (sum(sizes),)).split(sizes)
    for irrep, part in zip(irreps, parts, strict=True):
        linear = mixing.layer(irrep)
        outputs, inputs = linear.weight.shape
        if mixing.by_species:
            part = part.reshape(-1, mixing.n_species, outputs)[:, order].transpose(0, 1)
        _fill(linear, part.reshape(inputs, outputs), gains.get(irrep, 1.0))


def _fill(linear: Linear, weight: Tensor, factor: float) -> None:
    """Copy a weight [input, output], divided by the root of its inputs as e3nn does when it is used."""
    linear.weight.copy_(weight.t() * (factor / len(weight) ** 0.5))


FOREIGN = Foreign("SevenNet", "nequip", recognises, read)
