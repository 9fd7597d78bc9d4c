from __future__ import annotations

import pytest

from gaq.errors import RecipeError
from gaq.quant.baselines import all_baselines
from gaq.quant.recipe import Recipe
from gaq.quant.treatment import TREATMENTS, ActivationAware, Gptq, Reconstruct, Smooth, treatment_from_dict


def test_every_treatment_is_in_a_recipe_and_survives_a_file():
    recipes = [build() for build in all_baselines().values()]
    assert {type(t) for recipe in recipes for t in recipe.treatments} == set(TREATMENTS)
    assert all(Recipe.from_dict(recipe.to_dict()) == recipe for recipe in recipes)
    assert all(("treatments" in recipe.to_dict()) is bool(recipe.treatments) for recipe in recipes)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Smooth(1.5), "strength is 1.5; expected a number from 0 to 1"),
        (lambda: ActivationAware(0), "grid is 0; expected a whole number from 1 on"),
        (lambda: Gptq(0), "damp is 0; expected a number"),
        (lambda: Reconstruct(steps=True), "steps is True"),
        (lambda: Reconstruct(drop=-0.1), "drop is -0.1"),
        (lambda: Reconstruct(learn="all"), "learn is 'all'; expected rounding or weights"),
        (lambda: treatment_from_dict({"kind": "gtpq"}, "mine"), "kind 'gtpq'.*gptq"),
    ],
)
def test_what_makes_no_sense_is_refused(make, said):
    with pytest.raises(RecipeError, match=said):
        make()
