"""From the name of a recipe to quantizers in slots."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from gaq.errors import RecipeError, nearest
from gaq.quant.presets import all_presets
from gaq.quant.quantizer import Quantizer
from gaq.quant.recipe import Recipe


def preset(name: str, warmup: int | None = None) -> Recipe:
    """The preset of this name; `warmup` (epochs) where it has one. Raises `RecipeError` with the nearest
    name.
    """
    presets = all_presets()
    if name not in presets:
        raise RecipeError(
            f"there is no recipe {name!r}.{nearest(name, presets)} Presets: {', '.join(presets)}; "
            "or give a TOML file. `gaq quantize --list-recipes` explains each."
        )
    build = presets[name]
    if warmup is not None and "warmup" in inspect.signature(build).parameters:
        return build(warmup=warmup)  # type: ignore[call-arg]
    return build()


def install_(quantizers: Iterable[Quantizer], recipe: Recipe) -> None:
    """Puts into every slot what the recipe says. Raises `RecipeError` where it does not fit."""
    quantizers = list(quantizers)
    rules = recipe.resolve([q.slot for q in quantizers])
    for quantizer in quantizers:
        rule = rules[quantizer.slot.name]
        quantizer.install(rule.spec, rule.calibrate)
