"""Carries out what a recipe does to weights beside rounding them: before its laws are in the slots, and after."""

from __future__ import annotations

from typing import cast

from gaq.errors import UsageError
from gaq.model.protocol import Blockwise, BlockwiseNetwork, Foldable, FoldableNetwork, Network
from gaq.quant.recipe import Recipe
from gaq.quant.treatment import ActivationAware, Gptq, Reconstruct, Smooth, Treatment
from gaq.train.frames import Frames
from gaq.train.gptq import gptq_
from gaq.train.reconstruct import reconstruct_
from gaq.train.scales import protect_, smooth_

# What a network must offer, and in which words, for a treatment; for any other, slots are enough.
NEEDED: dict[type[Treatment], tuple[type, str]] = {
    Smooth: (Foldable, "folds scales into the network, which has to list its channels (`streams`)"),
    ActivationAware: (Foldable, "folds scales into the network, which has to list its channels (`streams`)"),
    Reconstruct: (Blockwise, "trains one block after the other, which the network has to offer (`block`)"),
}


def check_treatments(model: Network, recipe: Recipe, frames: Frames | None) -> None:
    """Raises `UsageError` when a recipe wants structures and there are none, or what the network does not offer."""
    for treatment in recipe.treatments:
        needed, does = NEEDED.get(type(treatment), (object, ""))
        if not isinstance(model, needed):
            raise UsageError(
                f"recipe {recipe.name!r} ({type(treatment).__name__}) {does}; a {type(model).__name__} does not. "
                f"Choose a recipe without this treatment."
            )
    if recipe.treatments and frames is None:
        raise UsageError(
            f"recipe {recipe.name!r} rounds by what it sees of the network ({type(recipe.treatments[0]).__name__}): "
            "give some structures with --data."
        )


def prepare_(model: Network, recipe: Recipe, frames: Frames | None) -> None:
    """Scales folded into a float network; it computes what it did before, up to round-off."""
    for treatment in recipe.treatments:
        if frames is not None and isinstance(treatment, Smooth):
            smooth_(cast(FoldableNetwork, model), treatment, frames)
        if frames is not None and isinstance(treatment, ActivationAware):
            protect_(cast(FoldableNetwork, model), treatment, recipe, frames)


def refine_(model: Network, teacher: Network, recipe: Recipe, frames: Frames) -> None:
    """Weights of a calibrated network rounded anew, or trained block by block, with the float network as teacher."""
    for treatment in recipe.treatments:
        if isinstance(treatment, Gptq):
            gptq_(model, treatment, frames)
        if isinstance(treatment, Reconstruct):
            reconstruct_(cast(BlockwiseNetwork, model), cast(BlockwiseNetwork, teacher), treatment, frames)
