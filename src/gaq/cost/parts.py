"""Parts of a model: a slot, slots of one kind, a layer, or a role; and a recipe that quantizes one part alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gaq.errors import UsageError, nearest
from gaq.quant.ptq import Gptq
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.slot import Slot
from gaq.quant.spec import Identity

ALL = "all"
BY = ("slot", "kind", "layer", "role")


def part_of(slot: Slot, by: str) -> str:
    """Return the part that a slot belongs to.

    "slot": itself; "kind": its name without the number of its layer, all weights being one kind; "layer": `layers.2`,
    or `readout`; "role": its role.
    """
    segments = slot.name.split(".")
    in_layer = segments[0] == "layers"
    if by == "slot":
        return slot.name
    if by == "role":
        return slot.role.value
    if by == "layer":
        return ".".join(segments[:2]) if in_layer else segments[0]
    if by == "kind":
        return "weights" if segments[-1] == "weight" else ".".join(segments[2:] if in_layer else segments)
    raise UsageError(f"`by` {by!r}: expected one of {', '.join(BY)}.{nearest(by, BY)}")


def parts(slots: Sequence[Slot], recipe: Recipe, by: str) -> dict[str, tuple[str, ...]]:
    """Return the slots of each part that the recipe quantizes, in the order of the model; slots in float are in no
    part.
    """
    rules = recipe.resolve(slots)
    found: dict[str, tuple[str, ...]] = {}
    for slot in slots:
        name = part_of(slot, by)
        if not isinstance(rules[slot.name].spec, Identity):
            found[name] = (*found.get(name, ()), slot.name)
    return found


def alone(recipe: Recipe, slots: Sequence[Slot], chosen: Collection[str]) -> Recipe:
    """Return the recipe for the chosen slots, from the first epoch on, and float for all others.

    Weights are rounded as the recipe rounds them: by GPTQ where it says so. Treatments that change what other layers
    see, or take minutes a layer, are left out.
    """
    rules = recipe.resolve(slots)
    kept = (
        Rule(slot.name, rules[slot.name].spec, rules[slot.name].calibrate)
        if slot.name in chosen
        else Rule(slot.name, Identity())
        for slot in slots
    )
    rounding = tuple(ptq_pass for ptq_pass in recipe.ptq_passes if isinstance(ptq_pass, Gptq))
    return Recipe(recipe.name, tuple(kept), recipe.description, rounding)
