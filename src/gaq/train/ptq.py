"""Run the PTQ passes of a recipe: before its quantizers are installed, and after calibration."""

from __future__ import annotations

from typing import cast

from gaq.errors import UsageError
from gaq.model.protocol import Blockwise, BlockwiseNetwork, Foldable, FoldableNetwork, Network
from gaq.quant.ptq import ActivationAware, Gptq, PtqPass, Reconstruct, Smooth
from gaq.quant.recipe import Recipe
from gaq.train.frames import TrainFrames
from gaq.train.gptq import gptq_
from gaq.train.reconstruct import reconstruct_
from gaq.train.scales import protect_, smooth_

# What a network must offer, and in which words, for a PTQ pass; for any other, slots are enough.
NEEDED: dict[type[PtqPass], tuple[type, str]] = {
    Smooth: (Foldable, "folds scales into the network, which has to list its channels (`streams`)"),
    ActivationAware: (Foldable, "folds scales into the network, which has to list its channels (`streams`)"),
    Reconstruct: (Blockwise, "trains one block after the other, which the network has to offer (`block`)"),
}


def check_ptq_passes(model: Network, recipe: Recipe, frames: TrainFrames | None) -> None:
    """Raise `UsageError` when a recipe wants structures and there are none, or what the network does not offer."""
    for ptq_pass in recipe.ptq_passes:
        needed, does = NEEDED.get(type(ptq_pass), (object, ""))
        if not isinstance(model, needed):
            raise UsageError(
                f"recipe {recipe.name!r} ({type(ptq_pass).__name__}) {does}; a {type(model).__name__} does not. "
                f"Choose a recipe without this PTQ pass."
            )
    if recipe.ptq_passes and frames is None:
        raise UsageError(
            f"recipe {recipe.name!r} rounds by what it sees of the network ({type(recipe.ptq_passes[0]).__name__}): "
            "give some structures as `calibration`."
        )


def prepare_(model: Network, recipe: Recipe, frames: TrainFrames | None) -> None:
    """Scales folded into a float network; it computes what it did before, up to round-off."""
    for ptq_pass in recipe.ptq_passes:
        if frames is not None and isinstance(ptq_pass, Smooth):
            smooth_(cast(FoldableNetwork, model), ptq_pass, frames)
        if frames is not None and isinstance(ptq_pass, ActivationAware):
            protect_(cast(FoldableNetwork, model), ptq_pass, recipe, frames)


def refine_(model: Network, teacher: Network, recipe: Recipe, frames: TrainFrames) -> None:
    """Weights of a calibrated network rounded anew, or trained block by block, with the float network as teacher."""
    for ptq_pass in recipe.ptq_passes:
        if isinstance(ptq_pass, Gptq):
            gptq_(model, ptq_pass, frames)
        if isinstance(ptq_pass, Reconstruct):
            reconstruct_(cast(BlockwiseNetwork, model), cast(BlockwiseNetwork, teacher), ptq_pass, frames)
