"""What methods that round nothing but weights have in common."""

from __future__ import annotations

from dataclasses import replace

from gaq.quant.ptq import PtqPass
from gaq.quant.recipe import Recipe
from gaq.quant.rules import FLOWS, in_float, recipe_of, weight_only


def weights_only(name: str, bits: int, ptq_pass: PtqPass) -> Recipe:
    """Return a recipe that rounds weights by a PTQ pass; those of the readout have eight bits, features are float."""
    parts = weight_only(bits, learn_step=False, group=None), in_float(*FLOWS)
    return replace(recipe_of(name, "weights only", *parts), ptq_passes=(ptq_pass,))
