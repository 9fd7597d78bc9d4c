"""The layout that is written down without torch is the network's own."""

from __future__ import annotations

import pytest

from gaq.errors import BadFile
from gaq.model.linear import Linear
from gaq.pack.layout import Numbers, linears, numbers_from, slot_names, wanted_arrays
from gaq.quant.install import preset
from packed import packed
from tiny import config, network

CONFIGS = [{}, {"degrees": 2}, {"degrees": 3, "layers": 1}, {"channels": 10, "heads": 5, "hidden": 7, "basis": 5}]


def numbers(**changes: object) -> Numbers:
    return numbers_from(config(**changes).model_dump(), "the model")


@pytest.mark.parametrize("changes", CONFIGS)
def test_layers_and_slots_are_those_of_the_network(changes):
    model, found = network(config(**changes)), numbers(**changes)
    assert set(slot_names(found)) == {q.slot.name for q in model.quantizers()}
    assert len(slot_names(found)) == len(set(slot_names(found)))
    own = {m.weight_quantizer.slot.name.removesuffix(".weight"): m for m in model.modules() if isinstance(m, Linear)}
    assert {layer.name for layer in linears(found)} == set(own)
    for layer in linears(found):
        linear = own[layer.name]
        assert (layer.outputs, layer.inputs) == tuple(linear.weight.shape)
        assert layer.bias == (linear.bias is not None)
        assert layer.degree == linear.input_quantizer.slot.degree


@pytest.mark.parametrize("changes", CONFIGS)
@pytest.mark.parametrize("recipe", ["fp32", "frame-w4a8", "gaq-w4a8"])
def test_the_arrays_of_an_export_are_those_that_are_wanted(changes, recipe):
    model = packed(None if recipe == "fp32" else preset(recipe), config(**changes))
    shapes = {name: array.shape for name, array in model.arrays.items()}
    wanted = wanted_arrays(model.config, len(model.species), model.radial["knots"], model.slots, shapes)
    assert set(wanted) == set(model.arrays)


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
    with pytest.raises(BadFile, match=sentence):
        numbers_from(config().model_dump() | changes, "file")


def test_what_is_no_object_is_refused():
    with pytest.raises(BadFile, match="expected an object"):
        numbers_from([1, 2], "file")
