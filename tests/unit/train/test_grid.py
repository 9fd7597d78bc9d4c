from __future__ import annotations

import pytest
import torch

from gaq.errors import RecipeError
from gaq.quant.install import preset
from gaq.quant.presets import w4
from gaq.train.grid import grid_of, has_grid, snap_to_grid_
from gaq.train.session import quantize
from tiny import config, molecules, network


@pytest.mark.parametrize(
    "recipe", [preset("w4"), preset("gptq-w4"), preset("naive-int8"), w4(group=4, learn_step=False)]
)
def test_chosen_codes_stay_chosen(recipe, seed):
    """Clipped, learned and grouped steps alike, with rows that use a part of the range or nothing."""
    layer = quantize(network(config()), recipe, molecules()).updates[0].gates
    scale, high = grid_of(layer)
    with torch.no_grad():
        codes = layer.weight_quantizer(layer.weight).codes.clone()
    shift = torch.randint(-1, 2, codes.shape, generator=torch.Generator().manual_seed(seed))
    codes = (codes + shift).clamp(-high, high)
    codes[0], codes[1] = 0, codes[1].clamp(-1, 1)
    snap_to_grid_(layer, codes, scale)
    with torch.no_grad():
        found = layer.weight_quantizer(layer.weight)
    assert torch.equal(found.codes, codes)
    assert torch.equal(found.codes * found.scale, found.value.reshape(codes.shape))


def test_a_weight_without_a_plain_grid_is_refused():
    layer = quantize(network(config()), preset("dorefa"), molecules()).readout
    assert not has_grid(layer)
    with pytest.raises(RecipeError, match=r"'readout.hidden.weight' .* rounding cannot be chosen"):
        grid_of(layer)
