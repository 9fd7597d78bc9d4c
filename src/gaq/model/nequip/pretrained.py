"""SevenNet's arrays as a NequIP of gaq: SevenNet-0 and other networks of the package sevenn.

SevenNet (Park et al., J. Chem. Theory Comput. 20, 4857, 2024) is built of e3nn's layers, which multiply their weights
by constants when they are used. Here the constants are in the weights. Names and shapes of the arrays are those of
sevenn 0.13; examples/sevennet writes them to a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gaq.errors import BadFile
from gaq.model.foreign import Foreign, ForeignArrays
from gaq.model.linear import Linear
from gaq.model.nequip.irreps import INVARIANT, PSEUDOSCALAR, Irrep
from gaq.model.nequip.mixing import Mixing
from gaq.model.nequip.network import NequIP, NequIPLayer
from gaq.model.nequip.sevennet import Fidelity, config_from, fidelity_from

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
    given = {name: array for name, array in arrays.items() if array.size and not _constant(name)}
    with torch.no_grad():
        _Reading(ForeignArrays(given, "a SevenNet"), fidelity_from(settings), np.argsort(species)).fill_(model)
    return model


def _constant(name: str) -> bool:
    return any(mark in name for mark in CONSTANTS)


def _gain(irrep: Irrep) -> float:
    """Return what a gate of e3nn multiplies features by, beside the functions themselves."""
    return TANH if irrep == PSEUDOSCALAR else SILU


@dataclass(frozen=True, eq=False)
class _Reading:
    """Arrays that are taken one after the other; `order` are the places of the sorted species in them."""

    given: ForeignArrays
    fidelity: Fidelity
    order: np.ndarray

    def fill_(self, model: NequIP) -> None:
        """Fill all weights, references and the scale. Raises `BadFile`."""
        count, channels = len(self.order), model.config.channels
        table, shift = self.linear(EMBEDDING, count, channels, "node_embedding")
        model.embedding.copy_(table[self.order] + shift)
        model.frequencies.copy_(self.given.take(FREQUENCIES, (model.config.basis,)))
        for i, layer in enumerate(model.layers):
            assert isinstance(layer, NequIPLayer)
            self.fill_layer_(layer, i)
        hidden, energy = model.readout.hidden.weight, model.readout.energy.weight
        weight, constant = self.linear(READOUT[0], channels, len(hidden), "output_block")
        hidden.copy_(weight.t() * SILU)
        energy.copy_(self.linear(READOUT[1], len(hidden), 1)[0].t())
        scale = self.per_species(SCALE)
        if float(scale.max() - scale.min()) > 0:
            raise BadFile(
                f"{SCALE} differs between species, from {scale.min():g} to {scale.max():g}; expected one scale."
            )
        # The readout is linear, so a constant in it is a constant energy of every atom.
        energies = self.per_species(SHIFT)[self.order] + scale[0] * (energy.double()[0] @ constant)
        model.set_references(dict(zip(model.species, energies.tolist(), strict=True)), float(scale[0]))
        self.given.check_all_used()

    def fill_layer_(self, layer: NequIPLayer, index: int) -> None:
        """Fill the weights of a layer."""
        gains = {irrep: _gain(irrep) if index else 1.0 for irrep in layer.inputs}
        product = "fc_tensor_product" if layer.self_connection.by_species else "linear"
        self.fill_mixing_(layer.self_connection, f"{index}_self_connection_intro.{product}.weight", gains)
        self.fill_mixing_(layer.send, f"{index}_self_interaction_1.linear.weight", gains, "self_inter_intro")
        self.fill_mixing_(layer.receive, f"{index}_self_interaction_2.linear.weight", {}, "self_inter_outro")
        for k, linear in enumerate(layer.radial.layers):
            assert isinstance(linear, Linear)
            outputs, inputs = linear.weight.shape
            weight = self.given.take(f"{index}_convolution.weight_nn.layer{k}.weight", (inputs, outputs))
            linear.weight.copy_(weight.t() * ((SILU if k else 1.0) / inputs**0.5))
        layer.radial.last.weight.div_(self.given.take(f"{index}_convolution.denominator", (1,)))

    def fill_mixing_(self, mixing: Mixing, name: str, gains: Mapping[Irrep, float], told: str = "") -> None:
        """Fill the layers of all irreps from one array, each [channel, output] or [channel, species, output].

        What invariants are told of the fidelity stands at the end.
        """
        irreps, more = mixing.irreps(), self.fidelity.inputs(told)
        sizes = [mixing.layer(irrep).weight.numel() for irrep in irreps]
        rest = more * len(mixing.layer(INVARIANT).weight)
        *parts, last = self.given.take(name, (sum(sizes) + rest,)).split([*sizes, rest])
        for irrep, part in zip(irreps, parts, strict=True):
            linear = mixing.layer(irrep)
            outputs, inputs = linear.weight.shape
            if mixing.by_species:
                part = part.reshape(-1, mixing.n_species, outputs)[:, self.order].transpose(0, 1)
            read = inputs + (more if irrep == INVARIANT else 0)
            linear.weight.copy_(part.reshape(inputs, outputs).t() * (gains.get(irrep, 1.0) / read**0.5))
            if more and linear.bias is not None:
                linear.bias.copy_(last.reshape(more, -1)[self.fidelity.index] / read**0.5)

    def linear(self, name: str, inputs: int, outputs: int, told: str = "") -> tuple[Tensor, Tensor]:
        """Return a weight [input, output] and a constant [output], divided by the root of inputs as e3nn does."""
        more = self.fidelity.inputs(told)
        weight = self.given.take(name, ((inputs + more) * outputs,)).reshape(-1, outputs) / (inputs + more) ** 0.5
        constant = weight[inputs + self.fidelity.index] if more else torch.zeros(outputs, dtype=torch.float64)
        return weight[:inputs], constant

    def per_species(self, name: str) -> Tensor:
        """Return one number for each species, where a single one may hold for all, or a row for each fidelity."""
        count, rows = len(self.order), self.fidelity.count
        if rows and name in self.given and len(self.given.left[name].shape) == 2:
            return self.given.take(name, (rows, count))[self.fidelity.index]
        single = self.given.shape(name, 1) == (1,)
        return self.given.take(name, (1,)).expand(count) if single else self.given.take(name, (count,))


FOREIGN = Foreign("SevenNet", "nequip", recognises, read)
