"""Carries out what a recipe does to weights beside rounding them: before its laws are in the slots, and after."""

from __future__ import annotations

from gaq.errors import UsageError
from gaq.model.protocol import Network
from gaq.model.transformer import Transformer
from gaq.quant.recipe import Recipe
from gaq.quant.rounding import rounding_of
from gaq.quant.treatment import ActivationAware, Gptq, Reconstruct, Smooth
from gaq.train.frames import Frames
from gaq.train.gptq import gptq_
from gaq.train.reconstruct import reconstruct_
from gaq.train.scales import protect_, smooth_


def check_treatments(model: Network, recipe: Recipe, frames: Frames | None) -> None:
    """Raises `UsageError` when a recipe wants structures and there are none, or a network that it can take apart."""
    if recipe.treatments and not isinstance(model, Transformer):
        raise UsageError(
            f"recipe {recipe.name!r} treats weights block by block ({type(recipe.treatments[0]).__name__}), "
            f"which it can do in gaq's Transformer; this network is a {type(model).__name__}. "
            f"Choose a recipe without treatments{_plain_one(recipe)}."
        )
    if recipe.treatments and frames is None:
        raise UsageError(
            f"recipe {recipe.name!r} rounds by what it sees of the network ({type(recipe.treatments[0]).__name__}): "
            "give some structures with --data."
        )


def _plain_one(recipe: Recipe) -> str:
    return f", such as {recipe.name.removesuffix('+gptq')}+nearest" if rounding_of(recipe) == "gptq" else ""


def prepare_(model: Network, recipe: Recipe, frames: Frames | None) -> None:
    """Scales folded into a float network; it computes what it did before, up to round-off."""
    if not isinstance(model, Transformer):
        return
    for treatment in recipe.treatments:
        if frames is not None and isinstance(treatment, Smooth):
            smooth_(model, treatment, frames)
        if frames is not None and isinstance(treatment, ActivationAware):
            protect_(model, treatment, recipe, frames)


def refine_(model: Network, teacher: Network, recipe: Recipe, frames: Frames) -> None:
    """Weights of a calibrated network rounded anew, or trained block by block, with the float network as teacher."""
    if not (isinstance(model, Transformer) and isinstance(teacher, Transformer)):
        return
    for treatment in recipe.treatments:
        if isinstance(treatment, Gptq):
            gptq_(model, treatment, frames)
        if isinstance(treatment, Reconstruct):
            reconstruct_(model, teacher, treatment, frames)
