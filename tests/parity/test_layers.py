"""Rung 4: layer by layer. What entered each slot in PyTorch is given to the engine, slot after slot.

Then no difference of one layer reaches the next: codes must be equal, sums of integers must be equal to the bit,
and floats may differ by the few units that the curves of one layer allow. No code differs on the way up, so the forces
say whether the pullbacks are the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from built import native_library
from gaq.atoms.structure import Structure
from gaq.data.read import read_structures
from gaq.engine.packing import packed_in_memory
from gaq.engine.pytorch import TorchEngine
from gaq.engine.replay import NativeReplay, Recording, encoded, feature_quantizers, layer_name, record
from gaq.model.layered import Layered
from gaq.model.linear import Linear
from gaq.quant.install import preset
from gaq.quant.recipe import Recipe
from gaq.quant.spec import integer_product
from recipes import packable
from tiny import checkpoint, config, molecules, settings
from trained import MOLECULES, RECIPES, trained

UNIT = 2.0**-24  # of the largest entry of what enters the slot; half a unit in the last place of a float there
# What one layer's own sums and curves may do, in these units; twice what was measured on everything below.
MOST_UNITS = {
    "attention.project.input": 8,
    "attention.query": 12,  # a reciprocal square root of a sum over the head
    "attention.key": 12,
    "attention.output.input": 72,  # exponentials, radial functions and a sum over neighbours, much of which cancels
    "message.hidden.input": 8,  # of PaiNN
    "message.sent.input": 8,
    "update.mix1.input": 100,
    "update.mix2.input": 20,
    "update.mix3.input": 20,
    "update.hidden.input": 6,
    "update.gates.input": 32,  # a sum over (1 + 2L) channels, then silu
    "readout.hidden.input": 8,
    "readout.energy.input": 20,
}
MOST_IN_A_SUM = 12  # the same units, of Σ|x||w|: what the order of a sum of floats may do
MOST_FORCE = 2e-5  # eV/Å, of forces of some eV/Å, when no code differs

SHAPES = {
    "l1": {},
    "l3": {"degrees": 3},
    "dot": {"degrees": 2, "attention": "dot"},
    "odd": {"channels": 10, "heads": 5, "hidden": 7, "basis": 5, "cutoff": 4.0, "degrees": 2},
    "wide": {"channels": 64, "heads": 4, "hidden": 64, "basis": 16, "layers": 3},
    "painn": {"architecture": "painn", "layers": 3},
    "painn-wide": {"architecture": "painn", "channels": 64, "basis": 16},
}


def replayed(model: Layered, recipe: Recipe, structures: Sequence[Structure]) -> None:
    """All checks of this level for one model."""
    torch_engine = TorchEngine(model, "m", recipe.name)
    content = packed_in_memory(model, recipe, backward_bits=32)
    native = NativeReplay(content, "m.gaq", library=native_library())
    for structure in structures:
        expected = record(torch_engine, structure)
        found = native.record(structure, instead=expected.features)
        assert set(found.features) == set(expected.features)
        species = rows_of(model, structure)
        for slot in expected.features:
            compare_slot(slot, species, expected, found, torch_engine, native)
        for layer in (m for m in model.modules() if isinstance(m, Linear)):
            compare_layer(layer, species, expected, native)
        compare_energies(model, expected, found)
        if not polar_codes_differ(expected, found, native):
            assert np.abs(found.prediction.forces - expected.prediction.forces).max() < MOST_FORCE


def rows_of(model: Layered, structure: Structure) -> Tensor:
    """The species of the atoms, counted as the model does."""
    return model.row[torch.from_numpy(structure.species)]


def polar_codes_differ(expected: Recording, found: Recording, native: NativeReplay) -> bool:
    """Whether the backward pass, in which the engine encodes its own vectors and not those given, has other codes."""
    polar = [slot for slot, scheme in native.schemes.items() if scheme["kind"] == "polar"]
    both = ((native.encode(s, found.features[s]), native.encode(s, expected.features[s])) for s in polar)
    return any(one.differing(other)[0] for one, other in both)


def compare_slot(
    slot: str, species: Tensor, expected: Recording, found: Recording, torch_engine: TorchEngine, native: NativeReplay
) -> None:
    features = expected.features[slot]
    most = MOST_UNITS[re.sub(r"^layers\.\d+\.", "", slot)] * UNIT * np.abs(features).max()
    assert np.abs(found.features[slot] - features).max() <= most, slot
    codes = encoded(feature_quantizers(torch_engine)[slot], features, species)
    if codes is not None:
        again = native.encode(slot, features, species.numpy())
        assert again.differing(codes)[0] == 0, slot
        np.testing.assert_array_equal(again.decoded, codes.decoded, slot)


def compare_layer(layer: Linear, species: Tensor, expected: Recording, native: NativeReplay) -> None:
    name = layer_name(layer)
    features, outputs = expected.features[f"{name}.input"], expected.outputs[name]
    found = native.linear(name, features, species.numpy())
    if integer_product(layer.input_quantizer.spec) and layer.weight_quantizer.calibrated is not None:
        np.testing.assert_array_equal(found, outputs, name)
        return
    with torch.no_grad():
        value, weight = (
            layer.input_quantizer(torch.from_numpy(features), species).value,
            layer.weight_quantizer(layer.weight).value,
        )
        size = value.abs().double() @ weight.abs().double().T
        size = size if layer.bias is None else size + layer.bias.abs()
    assert (np.abs(found - outputs) <= MOST_IN_A_SUM * UNIT * size.numpy()).all(), name


def compare_energies(model: Layered, expected: Recording, found: Recording) -> None:
    one, other = expected.prediction, found.prediction
    atomic = np.abs(expected.outputs["readout.energy"]).sum() * model.scale.item()
    exact = (
        integer_product(model.readout.energy.input_quantizer.spec)
        and model.readout.energy.weight_quantizer.calibrated is not None
    )
    units = 0 if exact else MOST_IN_A_SUM
    assert abs(one.energy - other.energy) <= units * UNIT * atomic + 1e-14 * abs(one.energy)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("recipe", packable())
def test_every_layer_of_small_networks(recipe, shape):
    model = checkpoint(settings(**SHAPES[shape]), None if recipe == "fp32" else preset(recipe, 0)).model
    replayed(model, preset(recipe), molecules()[:: 4 if shape.endswith("wide") else 1])


@pytest.mark.parametrize("recipe", ["frame-w4a8", "gaq-w4a8"])
def test_codes_that_were_not_given_would_differ(recipe):
    """The control: a channel that is off gives other codes and other sums."""
    model = checkpoint(config(), preset(recipe, 0)).model
    torch_engine = TorchEngine(model, "m", recipe)
    native = NativeReplay(packed_in_memory(model, preset(recipe)), "m.gaq", library=native_library())
    expected, species = record(torch_engine, molecules()[0]), rows_of(model, molecules()[0])
    for slot in ("layers.1.update.mix1.input", "layers.1.update.hidden.input"):
        off = expected.features[slot].copy()
        off[..., 2] *= 1.1
        codes = encoded(feature_quantizers(torch_engine)[slot], expected.features[slot], species)
        assert native.encode(slot, off, species.numpy()).differing(codes)[0] > 0
        name = slot.removesuffix(".input")
        assert (native.linear(name, off, species.numpy()) != expected.outputs[name]).any()
        found = native.record(molecules()[0], instead={slot: off})
        assert found.prediction.energy != native.evaluate([molecules()[0]])[0].energy


@pytest.mark.physics
@pytest.mark.parametrize("molecule", MOLECULES)
@pytest.mark.parametrize("recipe", RECIPES)
def test_every_layer_of_trained_models(molecule: str, recipe: str, data_folder):
    source = trained(molecule, recipe, data_folder)
    replayed(source.model, source.recipe, read_structures(data_folder / "rmd17" / f"rmd17_{molecule}_test_01.npz", 3))
