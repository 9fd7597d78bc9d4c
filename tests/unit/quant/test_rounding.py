"""Roundings behind a `+`: what is changed, what is left as it is, and what is refused."""

from __future__ import annotations

import pytest

from gaq.errors import RecipeError
from gaq.quant.install import preset
from gaq.quant.presets import all_presets
from gaq.quant.ptq import Gptq
from gaq.quant.recommended import RECOMMENDED
from gaq.quant.rounding import ROUNDINGS, fewest_weight_bits, rounding_of


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("name", all_presets())
def test_a_rounding_changes_the_treatment_and_the_name_or_is_refused(name, rounding):
    before = preset(name)
    if rounding_of(before) == rounding:
        assert preset(f"{name}+{rounding}") == before
    elif rounding_of(before) not in ROUNDINGS or name == "fp32":
        with pytest.raises(RecipeError, match=f"'{name}' .*leave out .{rounding}"):
            preset(f"{name}+{rounding}")
    else:
        after = preset(f"{name}+{rounding}")
        assert (after.name, after.rules, rounding_of(after)) == (f"{name}+{rounding}", before.rules, rounding)


def test_the_recommended_recipe_is_a_preset_with_gptq():
    assert preset(RECOMMENDED).ptq_passes == (Gptq(),)
    assert preset(f"{RECOMMENDED}+gptq") == preset(RECOMMENDED)
    assert preset(f"{RECOMMENDED}+gptq", 3) == preset(RECOMMENDED, 3) != preset(RECOMMENDED)


@pytest.mark.parametrize(("name", "bits"), [("fp32", 32), ("w8", 8), ("naive-int8", 8), ("mixed-w4a8", 4), ("pact", 8)])
def test_the_fewest_bits_of_any_weight(name, bits):
    assert fewest_weight_bits(preset(name)) == bits


@pytest.mark.parametrize("name", ["w4+gtpq", "w4+", "w4+gptq+bits=6", "+gptq", "w5+gptq"])
def test_an_unknown_name_or_rounding_is_refused(name):
    with pytest.raises(RecipeError, match="expected .nearest or .gptq|there is no recipe"):
        preset(name)
