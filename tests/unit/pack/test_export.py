"""What is exported is what was trained with: codes of the scheme, floats to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaq.atoms.structure import Prediction
from gaq.errors import RecipeError, UsageError
from gaq.model.linear import Linear
from gaq.pack.bits import unpack_nibbles
from gaq.pack.export import Golden, backward_bits_for, pack, packed_linear
from gaq.pack.format import from_bytes, to_bytes
from gaq.quant.install import preset
from gaq.quant.observe import AbsMax
from gaq.quant.quantized import Quantized
from gaq.quant.recipe import Rule
from gaq.quant.slot import Role
from gaq.quant.spec import Uniform
from packed import golden_of, packed
from tiny import box, checkpoint, config, molecule

RECIPES = ["fp32", "w8", "w4", "frame-w4a8", "w4a16", "gaq-w4a8", "naive-int8", "int8-per-vector"]


def of(recipe: str, **changes: object):
    return checkpoint(config(**changes), None if recipe == "fp32" else preset(recipe))


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("changes", [{}, {"hidden": 7}])
def test_codes_are_those_of_the_scheme_and_floats_survive(recipe, changes):
    model = of(recipe, **changes)
    content = to_bytes(pack(model.model, model.recipe, golden_of(model)))
    found = from_bytes(content, "file")
    for layer in (m for m in model.model.modules() if isinstance(m, Linear)):
        name = layer.weight_quantizer.slot.name.removesuffix(".weight")
        if layer.bias is not None:
            assert found.arrays[f"{name}.bias"].tobytes() == layer.bias.detach().numpy().tobytes()
        scheme, used = found.slots[f"{name}.weight"], layer.weight_quantizer(layer.weight)
        if scheme["kind"] == "identity":
            assert found.arrays[f"{name}.weight"].tobytes() == layer.weight.detach().numpy().tobytes()
            continue
        codes = found.arrays[f"{name}.codes"]
        if scheme["bits"] <= 4:
            codes = unpack_nibbles(codes, layer.weight.shape[1])
        np.testing.assert_array_equal(codes, used.codes.numpy())
        value = codes.astype(np.float32) * found.arrays[f"{name}.scale"][:, None]
        np.testing.assert_array_equal(value, used.value.detach().numpy())


def test_the_rest_of_the_network_is_there_to_the_bit():
    model = of("fp32", degrees=3)
    arrays = pack(model.model, model.recipe, golden_of(model)).arrays
    network = model.model
    for i, layer in enumerate(network.layers):
        for name, tensor in (
            (f"layers.{i}.filters", layer.filters),
            (f"layers.{i}.attention.bias", layer.attention.bias),
            (f"layers.{i}.attention.temperature", layer.attention.temperature),
        ):
            assert arrays[name].tobytes() == tensor.detach().numpy().tobytes(), name
    assert arrays["embedding"].tobytes() == network.embedding.detach().numpy().tobytes()
    assert arrays["reference"].tolist() == network.reference.tolist()
    assert arrays["scale"].tolist() == [network.scale.item()]
    assert arrays["radii"].tolist() == [0.31, 0.76, 0.71, 0.66]  # Å; H, C, N, O


@pytest.mark.parametrize(
    ("recipe", "bits"),
    [
        *(("fp32", 32), ("w8", 32), ("w4", 32), ("w4a16", 16)),
        *(("frame-w4a8", 16), ("gaq-w4a8", 16), ("naive-int8", 16), ("int8-per-vector", 16)),
    ],
)
def test_only_integer_products_have_integers_in_the_backward_pass(recipe, bits):
    assert backward_bits_for(of(recipe).model) == bits


def test_features_that_meet_float_weights_make_no_integer_product():
    recipe = preset("fp32").with_rules(Rule(Role.SCALAR_FEATURE, Uniform(8), AbsMax()))
    assert backward_bits_for(checkpoint(config(), replace(recipe, name="a8")).model) == 32


def test_the_backward_pass_can_be_chosen():
    assert packed(preset("w4a16"), backward_bits=8).backward_bits == 8
    with pytest.raises(UsageError, match="expected 8, 16 or 32"):
        packed(backward_bits=4)


def test_golden_frames_are_what_was_given():
    model = of("w4")
    golden = golden_of(model)
    arrays = pack(model.model, model.recipe, golden).arrays
    for k, (structure, prediction) in enumerate(zip(golden.structures, golden.predictions, strict=True)):
        assert arrays["golden.positions"][k].tobytes() == structure.positions.tobytes()
        assert arrays["golden.energies"][k] == prediction.energy
        assert arrays["golden.forces"][k].tobytes() == prediction.forces.tobytes()


@pytest.mark.parametrize(
    ("structures", "sentence"),
    [
        ([molecule("H2O")] * 2, "2 golden frames"),
        ([molecule("H2O"), molecule("H2O"), molecule("CO2")], "of the same atoms"),
        ([box()] * 3, "in open space"),
        ([molecule("CH3Cl")] * 3, "elements that the model does not know"),
    ],
)
def test_golden_frames_that_do_not_fit_are_refused(structures, sentence):
    model = of("fp32")
    nothing = [Prediction(0.0, np.zeros((len(s), 3))) for s in structures]
    with pytest.raises(UsageError, match=sentence):
        pack(model.model, model.recipe, Golden(structures, nothing))


def test_golden_frames_without_finite_forces_are_refused():
    model = of("fp32")
    golden = golden_of(model)
    lost = [replace(p, energy=float("nan")) for p in golden.predictions]
    with pytest.raises(UsageError, match="not finite; give `frames` like its own"):
        pack(model.model, model.recipe, Golden(golden.structures, lost))


def test_codes_that_are_not_the_value_are_noticed(monkeypatch):
    layer = of("w4").model.readout.hidden
    used = layer.weight_quantizer(layer.weight)
    off = Quantized(used.value * 1.0001, used.codes, used.scale, used.high)
    monkeypatch.setattr(type(layer.weight_quantizer), "forward", lambda self, x: off)
    with pytest.raises(RecipeError, match="codes times scale are not the value"):
        packed_linear(layer)
