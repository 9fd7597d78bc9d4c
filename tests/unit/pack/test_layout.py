"""The layouts that are written down without torch are the networks' own."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.errors import BadFile
from gaq.model.layered import LayeredConfig
from gaq.model.layout import Layout, Numbers
from gaq.model.layouts import LAYOUTS, layout_named
from gaq.model.linear import Linear
from gaq.pack.format import from_bytes, to_bytes
from gaq.pack.layout import wanted_arrays
from gaq.quant.install import preset
from packed import packed
from tiny import config, network, painn

CONFIGS = [
    *(config(**sizes) for sizes in ({}, {"degrees": 2}, {"degrees": 3, "layers": 1})),
    config(channels=10, heads=5, hidden=7, basis=5),
    painn(),
    painn(channels=10, layers=1, basis=5),
    painn(radial="gaussian", ending="cosine", readout=5),
]


def layout(settings: LayeredConfig) -> tuple[Layout, Numbers]:
    known = LAYOUTS[settings.architecture]
    return known, known.numbers_from(settings.model_dump(exclude={"architecture", "radial", "ending"}), "the model")


@pytest.mark.parametrize("settings", CONFIGS, ids=str)
def test_layers_and_slots_are_those_of_the_network(settings):
    model, (known, numbers) = network(settings), layout(settings)
    names = known.slot_names(numbers)
    assert set(names) == {q.slot.name for q in model.quantizers()}
    assert len(names) == len(set(names))
    own = {m.weight_quantizer.slot.name.removesuffix(".weight"): m for m in model.modules() if isinstance(m, Linear)}
    assert {layer.name for layer in known.linears(numbers)} == set(own)
    for layer in known.linears(numbers):
        linear = own[layer.name]
        assert (layer.outputs, layer.inputs) == tuple(linear.weight.shape)
        assert layer.bias == (linear.bias is not None)
        assert layer.degree == linear.input_quantizer.slot.degree


@pytest.mark.parametrize("settings", CONFIGS, ids=str)
@pytest.mark.parametrize("recipe", ["fp32", "frame-w4a8", "gaq-w4a8"])
def test_the_arrays_of_an_export_are_those_that_are_wanted(settings, recipe):
    model = packed(None if recipe == "fp32" else preset(recipe), settings)
    shapes = {name: array.shape for name, array in model.arrays.items()}
    wanted = wanted_arrays(model.layout, model.config, len(model.species), model.radial["knots"], model.slots, shapes)
    assert set(wanted) == set(model.arrays)


@pytest.mark.parametrize("settings", [config(degrees=2), painn()], ids=lambda s: s.architecture)
@pytest.mark.parametrize("recipe", ["mixed-w4a16", "gaq-w4a8", "frame-w8a8", "naive-int8"])
def test_every_architecture_is_written_and_read(settings, recipe):
    model = packed(preset(recipe, 0), settings)
    again = from_bytes(to_bytes(model), "file")
    assert (again.architecture, again.config, again.slots) == (settings.architecture, model.config, model.slots)
    assert set(again.arrays) == set(model.arrays)
    assert all(np.array_equal(again.arrays[name], array) for name, array in model.arrays.items())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"channels": 0}, "channels = 0"),
        ({"degrees": 4}, "degrees = 4; expected a number from 1 to 3"),
        ({"layers": True}, "layers = True"),
        ({"cutoff": "5"}, "cutoff = '5'"),
        ({"cutoff": float("nan")}, "cutoff = nan"),
        ({"attention": "sine"}, "expected cosine or dot"),
        ({"heads": 3}, "not a multiple"),
        ({"colour": 1}, "expected an object with the keys"),
    ],
)
def test_numbers_outside_their_range_are_refused(changes, sentence):
    sizes = config().model_dump(exclude={"architecture"})
    with pytest.raises(BadFile, match=sentence):
        LAYOUTS["transformer"].numbers_from(sizes | changes, "file")


def test_a_number_at_its_default_is_left_out():
    """So that files of networks that do not use it are those of gaq 0.2, to the byte."""
    known, numbers = layout(painn())
    assert "readout" not in known.said(numbers)
    assert known.numbers_from(known.said(numbers), "file") == numbers
    narrow = layout(painn(readout=5))[1]
    assert known.said(narrow)["readout"] == 5
    assert known.numbers_from(known.said(narrow), "file") == narrow
    with pytest.raises(BadFile, match="a readout of 9 is wider than the 8 channels"):
        known.numbers_from(known.said(narrow) | {"readout": 9}, "file")


@pytest.mark.parametrize("known", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_what_is_no_object_is_refused(known):
    with pytest.raises(BadFile, match="expected an object"):
        known.numbers_from([1, 2], "file")


def test_an_unknown_architecture_is_refused_with_those_that_there_are():
    with pytest.raises(BadFile, match="m.gaq holds a 'nequip'; this gaq knows 'transformer' and 'painn'"):
        layout_named("nequip", "m.gaq")
