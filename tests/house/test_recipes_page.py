"""The page of recipes explains every preset, and what it shows to be typed is a recipe."""

from __future__ import annotations

import re

import pytest

from gaq.quant.presets import all_presets
from gaq.quant.recipe import Recipe
from house.tree import REPOSITORY
from tiny import config, network

TEXT = (REPOSITORY / "docs" / "recipes.md").read_text(encoding="utf-8")


def test_every_preset_has_a_section_and_a_mark_for_its_rules():
    names = list(all_presets())
    assert sorted(re.findall(r"^### ([\w-]+)$", TEXT, flags=re.MULTILINE)) == sorted(names)
    assert sorted(re.findall(r"^<!-- fill: recipe ([\w-]+) -->$", TEXT, flags=re.MULTILINE)) == sorted(names)


def test_which_one_names_recipes_only():
    table = TEXT.partition("## Which one")[2].partition("## Bits")[0]
    linked = set(re.findall(r"\[([\w-]+)\]\(#\1\)", table))
    assert {"w4a16", "w4", "frame-w8a8"} <= linked <= set(all_presets())


@pytest.mark.parametrize("language", ["toml", "python"])
def test_a_recipe_of_ones_own_fits_the_network(language, tmp_path):
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    if language == "toml":
        (tmp_path / "mine.toml").write_text(block)
        recipe = Recipe.from_toml(tmp_path / "mine.toml")
    else:
        names: dict[str, Recipe] = {}
        exec(block, names)
        recipe = names["recipe"]
    slots = [q.slot for q in network(config()).quantizers()]
    assert len(recipe.resolve(slots)) == len(slots)
