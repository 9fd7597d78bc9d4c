"""From the name of a recipe to quantizers in slots."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from gaq.errors import RecipeError, nearest
from gaq.quant.presets import all_presets
from gaq.quant.quantizer import Quantizer
from gaq.quant.recipe import Recipe
from gaq.quant.rounding import rounded


def preset(name: str, warmup: int | None = None) -> Recipe:
    """Return the preset of this name; `warmup` (epochs) where it has one.

    A rounding may follow a `+`, as in `w4a16+gptq` or `mixed-w4a16+nearest`. Raises `RecipeError` with the nearest
    name.
    """
    short, *roundings = name.split("+")
    presets = all_presets()
    if short not in presets:
        raise RecipeError(
            f"there is no recipe {short!r}.{nearest(short, presets)} Presets: {', '.join(presets)}; "
            "or give a TOML file."
        )
    build = presets[short]
    if warmup is not None and "warmup" in inspect.signature(build).parameters:
        recipe = build(warmup=warmup)  # type: ignore[call-arg]
    else:
        recipe = build()
    for rounding in roundings:
        recipe = rounded(recipe, rounding)
    return recipe


def install_(quantizers: Iterable[Quantizer], recipe: Recipe) -> None:
    """Put into every slot what the recipe says. Raises `RecipeError` where it does not fit."""
    quantizers = list(quantizers)
    rules = recipe.resolve([q.slot for q in quantizers])
    for quantizer in quantizers:
        rule = rules[quantizer.slot.name]
        quantizer.install(rule.spec, rule.calibrate)
