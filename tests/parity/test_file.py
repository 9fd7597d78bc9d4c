"""Rung 2: the engine holds the very weights that PyTorch trained, after packing, unpacking and laying out.

What the file says is tested in unit/pack; here unit vectors go through every layer of the engine, which shows each
weight by itself.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from built import native_library
from gaq.engine.packing import packed_in_memory
from gaq.engine.replay import NativeReplay, layer_name
from gaq.model.layered import Layered
from gaq.model.linear import Linear
from gaq.pack.bits import pack_nibbles
from gaq.quant.install import preset
from packed import with_array
from tiny import checkpoint, settings

RECIPES = ("fp32", "w8", "w4", "w4a16", "frame-w8a8", "frame-w4a8", "gaq-w4a8", "int8-per-vector", "naive-int8")
SHAPES = (
    {"degrees": 2},
    {"channels": 10, "heads": 5, "hidden": 7, "basis": 5},
    {"architecture": "painn"},
    {"architecture": "painn", "readout": 5},
)


@cache
def model_of(recipe: str, shape: int) -> Layered:
    return checkpoint(settings(**SHAPES[shape]), None if recipe == "fp32" else preset(recipe, 0)).model


def engine_of(recipe: str, shape: int) -> NativeReplay:
    model = model_of(recipe, shape)
    return NativeReplay(packed_in_memory(model, preset(recipe)), "tiny.gaq", library=native_library())


def layers(model: Layered) -> list[Linear]:
    return [m for m in model.modules() if isinstance(m, Linear)]


def units(layer: Linear) -> np.ndarray:
    """One in one place after the other: [input, input], or for vectors [input, 2l+1, input] in every component."""
    unit = np.eye(layer.weight.shape[1], dtype=np.float32)
    return (
        unit
        if not layer.input_quantizer.slot.degree
        else np.repeat(unit[:, None], 2 * layer.input_quantizer.slot.degree + 1, axis=1)
    )


@pytest.mark.parametrize("shape", range(len(SHAPES)))
@pytest.mark.parametrize("recipe", RECIPES)
def test_every_weight_arrives_to_the_bit(recipe, shape):
    """One product is all that is not zero in a sum, so also sums of floats have one value."""
    engine = engine_of(recipe, shape)
    for layer in layers(model_of(recipe, shape)):
        species = torch.zeros(len(units(layer)), dtype=torch.int64)
        expected = layer(torch.from_numpy(units(layer)), species=species).detach().numpy()
        found = engine.linear(layer_name(layer), units(layer), np.repeat(0, expected[..., 0].size))
        np.testing.assert_array_equal(found, expected, layer_name(layer))


@pytest.mark.parametrize("name", ["layers.1.update.hidden", "layers.0.update.mix1", "readout.energy"])
def test_one_other_code_in_the_file_is_seen(name):
    """The control: a single code moved by one, in a file that is right in every other way."""
    model = model_of("w4", 0)
    content = packed_in_memory(model, preset("w4"))
    (layer,) = (x for x in layers(model) if layer_name(x) == name)
    codes = layer.weight_quantizer(layer.weight).codes.numpy().astype(np.int8).copy()
    before = codes[0, 3]
    codes[0, 3] = before - 1 if before > 0 else before + 1
    stored = codes if name == "readout.energy" else pack_nibbles(codes)
    engine = NativeReplay(with_array(content, f"{name}.codes", lambda _: stored), "tiny.gaq", library=native_library())
    found, expected = engine.linear(name, units(layer)), layer(torch.from_numpy(units(layer))).detach().numpy()
    assert (found[3, ..., 0] != expected[3, ..., 0]).all()
    assert (found != expected).sum() == max(1, 2 * layer.input_quantizer.slot.degree + 1)
