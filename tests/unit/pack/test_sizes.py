"""Bytes of a packed file by what they are for."""

from __future__ import annotations

import pytest

from gaq.pack.format import from_bytes
from gaq.pack.sizes import GROUPS, bytes_by_group, float_parameter_bytes, group_of, weight_bytes, weight_count
from gaq.quant.direction_spec import Fibonacci
from gaq.quant.install import preset
from gaq.quant.presets import gaq_w4a8
from gaq.quant.size import weight_footprint
from packed import file_of, packed
from tiny import checkpoint, config, network


@pytest.mark.parametrize("recipe", [None, preset("frame-w4a8"), gaq_w4a8(directions=Fibonacci(4))])
def test_groups_and_header_are_the_whole_file(recipe):
    content = file_of(recipe, config(degrees=2))
    model = from_bytes(content, "file")
    groups = bytes_by_group(model)
    assert sum(groups.values()) + model.header_bytes == len(content)
    assert set(groups) <= set(GROUPS)


@pytest.mark.parametrize("recipe", ["w8", "w4", "frame-w4a8"])
def test_weights_are_as_large_as_their_recipe_says(recipe):
    """With a scale per output and an even number of inputs nothing is added by the file."""
    model = checkpoint(config(), preset(recipe))
    expected = weight_footprint(model.model.quantizers())
    found = packed(preset(recipe))
    assert weight_bytes(found) == expected["weight_bytes"]
    assert 8 * weight_bytes(found) / weight_count(found) == pytest.approx(expected["bits_per_weight"])


def test_parameters_in_float_are_those_of_the_network():
    parameters = sum(p.numel() for p in network(config()).parameters())
    assert float_parameter_bytes(packed()) == 4 * parameters
    assert float_parameter_bytes(packed(preset("w4"))) == 4 * parameters


@pytest.mark.parametrize(
    ("array", "group"),
    [
        ("layers.0.attention.bias", "attention"),
        ("layers.0.attention.project.bias", "biases"),
        ("layers.0.attention.query.step", "steps and directions"),
        ("layers.0.update.mix1.input.levels", "steps and directions"),
        ("codebook.fibonacci.4.cells", "steps and directions"),
        ("readout.energy.codes", "weights"),
        ("scale", "species"),
        ("readout.energy.scale", "scales"),
    ],
)
def test_each_array_has_its_group(array, group):
    assert group_of(array) == group
