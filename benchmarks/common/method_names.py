"""Names of rows: a preset and suffixes (studies/all_recipes)."""

from __future__ import annotations

from dataclasses import replace

from gaq.cost.budget import Budget, parse_budget
from gaq.errors import UsageError
from gaq.quant.install import preset
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.rounding import ROUNDINGS, rounded
from gaq.quant.rules import readout
from gaq.quant.spec import has, without
from gaq.quant.wrappers import Centred, Compensated

CHANGES = ("readout", "distilled", "unfrozen", "unprotected", "no-species-mean", "no-lowrank")
READOUT, DISTILLED, UNFROZEN, UNPROTECTED, NO_SPECIES_MEAN, NO_LOW_RANK = CHANGES
BITS = "bits="


def recipe_of(name: str, warmup: int) -> Recipe:
    short, *changes = name.split("+")
    recipe = preset(short, warmup)
    for change in changes:
        if change not in (*ROUNDINGS, *CHANGES) and not change.startswith(BITS):
            raise UsageError(f"{name}: expected one of {', '.join((*ROUNDINGS, *CHANGES))} or {BITS}… behind a +")
        if change == READOUT:
            recipe = recipe.with_rules(*readout(16))
        if change in ROUNDINGS:
            recipe = rounded(recipe, change)
        if change == UNPROTECTED:
            recipe = replace(recipe, rules=tuple(replace(rule, protect=(0.0, 0.0)) for rule in recipe.rules))
        if change == NO_SPECIES_MEAN:
            recipe = replace(recipe, rules=tuple(about_zero(rule) for rule in recipe.rules))
        if change == NO_LOW_RANK:
            recipe = replace(recipe, rules=tuple(as_it_is(rule) for rule in recipe.rules))
    return recipe


def about_zero(rule: Rule) -> Rule:
    """Remove species means from a rule."""
    return replace(rule, spec=without(rule.spec, Centred, Compensated)) if has(rule.spec, Centred) else rule


def as_it_is(rule: Rule) -> Rule:
    """Remove float compensation from a rule."""
    return replace(rule, spec=without(rule.spec, Compensated))


def changed(name: str, change: str) -> bool:
    return change in name.split("+")[1:]


def budget_of(name: str) -> Budget | None:
    said = [change for change in name.split("+")[1:] if change.startswith(BITS)]
    return parse_budget(said[0]) if said else None
