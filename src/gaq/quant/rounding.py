"""How the weights of a recipe are rounded before any training, as the end of its name says: `+gptq` or `+nearest`."""

from __future__ import annotations

from dataclasses import replace

from gaq.errors import RecipeError, nearest
from gaq.quant.ptq import Gptq
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.slot import WEIGHTS, Role
from gaq.quant.spec import uniform_part

ROUNDINGS = ("nearest", "gptq")
FLOAT_BITS = 32


def rounding_of(recipe: Recipe) -> str:
    """Return one of `ROUNDINGS`, or the name of the ptq_pass that rounds the weights in another way."""
    if not recipe.ptq_passes:
        return "nearest"
    return "gptq" if len(recipe.ptq_passes) == 1 and isinstance(recipe.ptq_passes[0], Gptq) else _kind(recipe)


def fewest_weight_bits(recipe: Recipe) -> int:
    """Return the fewest bits of any rule for weights; 32 where all weights stay in float."""
    parts = [uniform_part(rule.spec) for rule in recipe.rules if _is_for_weights(rule)]
    return min((part.bits for part in parts if part is not None), default=FLOAT_BITS)


def rounded(recipe: Recipe, rounding: str) -> Recipe:
    """Return the recipe with another rounding, and `+rounding` behind its name; the recipe itself if it has that one.

    Raises `RecipeError` for an unknown rounding, and for a recipe that rounds in a way of its own or not at all.
    """
    if rounding not in ROUNDINGS:
        raise RecipeError(
            f"recipe {recipe.name!r} with +{rounding}: expected {' or '.join(f'+{known}' for known in ROUNDINGS)}."
            f"{nearest(rounding, ROUNDINGS)}"
        )
    if rounding == rounding_of(recipe):
        return recipe
    if rounding_of(recipe) not in ROUNDINGS:
        raise RecipeError(f"recipe {recipe.name!r} rounds its weights by {_kind(recipe)}; leave out +{rounding}.")
    if fewest_weight_bits(recipe) == FLOAT_BITS:
        raise RecipeError(f"recipe {recipe.name!r} leaves all weights in float; leave out +{rounding}.")
    ptq_passes = (Gptq(),) if rounding == "gptq" else ()
    return replace(recipe, name=f"{recipe.name}+{rounding}", ptq_passes=ptq_passes)


def _kind(recipe: Recipe) -> str:
    return type(recipe.ptq_passes[0]).__name__


def _is_for_weights(rule: Rule) -> bool:
    return rule.where in WEIGHTS if isinstance(rule.where, Role) else rule.where.endswith(".weight")
