"""Run the PTQ passes of a recipe: before its quantizers are installed, and after calibration."""

from __future__ import annotations

from gaq.errors import UsageError
from gaq.model.protocol import Network
from gaq.model.transformer import Transformer
from gaq.quant.ptq import ActivationAware, Gptq, Reconstruct, Smooth
from gaq.quant.recipe import Recipe
from gaq.quant.rounding import rounding_of
from gaq.train.frames import TrainFrames
from gaq.train.gptq import gptq_
from gaq.train.reconstruct import reconstruct_
from gaq.train.scales import protect_, smooth_


def check_ptq_passes(model: Network, recipe: Recipe, frames: TrainFrames | None) -> None:
    """Raise `UsageError` when a recipe wants structures and there are none, or a network that it can take apart."""
    if recipe.ptq_passes and not isinstance(model, Transformer):
        raise UsageError(
            f"recipe {recipe.name!r} treats weights block by block ({type(recipe.ptq_passes[0]).__name__}), "
            f"which it can do in gaq's Transformer; this network is a {type(model).__name__}. "
            f"Choose a recipe without PTQ passes{_plain_one(recipe)}."
        )
    if recipe.ptq_passes and frames is None:
        raise UsageError(
            f"recipe {recipe.name!r} rounds by what it sees of the network ({type(recipe.ptq_passes[0]).__name__}): "
            "give some structures with --data."
        )


def _plain_one(recipe: Recipe) -> str:
    return f", such as {recipe.name.removesuffix('+gptq')}+nearest" if rounding_of(recipe) == "gptq" else ""


def prepare_(model: Network, recipe: Recipe, frames: TrainFrames | None) -> None:
    """Scales folded into a float network; it computes what it did before, up to round-off."""
    if not isinstance(model, Transformer):
        return
    for ptq_pass in recipe.ptq_passes:
        if frames is not None and isinstance(ptq_pass, Smooth):
            smooth_(model, ptq_pass, frames)
        if frames is not None and isinstance(ptq_pass, ActivationAware):
            protect_(model, ptq_pass, recipe, frames)


def refine_(model: Network, teacher: Network, recipe: Recipe, frames: TrainFrames) -> None:
    """Weights of a calibrated network rounded anew, or trained block by block, with the float network as teacher."""
    if not (isinstance(model, Transformer) and isinstance(teacher, Transformer)):
        return
    for ptq_pass in recipe.ptq_passes:
        if isinstance(ptq_pass, Gptq):
            gptq_(model, ptq_pass, frames)
        if isinstance(ptq_pass, Reconstruct):
            reconstruct_(model, teacher, ptq_pass, frames)
