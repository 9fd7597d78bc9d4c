"""A network packed in memory is a whole packed file, the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.engine.packing import packed_in_memory
from gaq.errors import RecipeError
from gaq.pack.format import from_bytes
from gaq.quant.install import preset
from gaq.train.session import quantize
from tiny import config, molecules, network


def test_the_bytes_are_a_packed_model():
    model = quantize(network(config()), preset("w4", 0), molecules())
    content = packed_in_memory(model, preset("w4", 0))
    assert packed_in_memory(model, preset("w4", 0)) == content
    packed = from_bytes(content, "tiny")
    assert (packed.species, packed.recipe_name) == ((1, 6, 7, 8), "w4")
    assert packed.arrays["golden.positions"].shape == (3, 4, 3)
    assert np.isfinite(packed.arrays["golden.energies"]).all()
    assert (packed.arrays["golden.forces"] == 0).all(), "atoms alone"


def test_the_backward_pass_can_be_asked_for():
    content = packed_in_memory(network(config()), preset("fp32"), backward_bits=16)
    assert from_bytes(content, "tiny").backward_bits == 16


def test_what_a_file_has_no_place_for_is_refused():
    import torch

    model = quantize(network(config(), torch.float64), preset("w4", 0), molecules())
    with pytest.raises(RecipeError, match="float32"):
        packed_in_memory(model, preset("w4", 0))
