from __future__ import annotations

import pytest

from gaq.errors import RecipeError
from gaq.quant.methods import PRESETS
from gaq.quant.ptq import PTQ_PASSES, ActivationAware, Gptq, Reconstruct, Smooth, ptq_pass_from_dict
from gaq.quant.recipe import Recipe


def test_every_treatment_is_in_a_recipe_and_survives_a_file():
    recipes = [build() for build in PRESETS.values()]
    assert {type(t) for recipe in recipes for t in recipe.ptq_passes} == set(PTQ_PASSES)
    assert all(Recipe.from_dict(recipe.to_dict()) == recipe for recipe in recipes)
    assert all(("treatments" in recipe.to_dict()) is bool(recipe.ptq_passes) for recipe in recipes)


def test_a_file_names_its_treatments(tmp_path):
    text = """
name = "mine"
[[rules]]
role = "scalar-weight"
spec = { kind = "uniform", bits = 4, per = "channel" }
[[treatments]]
kind = "smooth"
strength = 0.7
[[treatments]]
kind = "gptq"
"""
    (tmp_path / "mine.toml").write_text(text)
    assert Recipe.from_toml(tmp_path / "mine.toml").ptq_passes == (Smooth(0.7), Gptq())
    (tmp_path / "mine.toml").write_text(text.replace("strength", "strenth"))
    with pytest.raises(RecipeError, match=r"PTQ pass 1 .*no key 'strenth'.*strength"):
        Recipe.from_toml(tmp_path / "mine.toml")
    (tmp_path / "mine.toml").write_text("treatments = 3\n" + text.split("[[treatments]]")[0])
    with pytest.raises(RecipeError, match="has treatments 3; expected a list of tables"):
        Recipe.from_toml(tmp_path / "mine.toml")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Smooth(1.5), "strength is 1.5; expected a number from 0 to 1"),
        (lambda: ActivationAware(0), "grid is 0; expected an integer of at least 1"),
        (lambda: Gptq(0), "damp is 0; expected a number"),
        (lambda: Reconstruct(steps=True), "steps is True"),
        (lambda: Reconstruct(drop=-0.1), "drop is -0.1"),
        (lambda: Reconstruct(learn="all"), "learn is 'all'; expected rounding or weights"),
        (lambda: ptq_pass_from_dict({"kind": "gtpq"}, "mine"), "kind 'gtpq'.*gptq"),
    ],
)
def test_what_makes_no_sense_is_refused(make, said):
    with pytest.raises(RecipeError, match=said):
        make()
