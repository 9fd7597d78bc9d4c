"""A training that begins with the weights of another one."""

from __future__ import annotations

import torch

from gaq.atoms.elements import SYMBOLS
from gaq.data.dataset import Dataset
from gaq.errors import UsageError
from gaq.model.layered import Layered
from gaq.train.calibrate import reference_targets, shift_reference_
from gaq.train.checkpoint import Checkpoint, as_dtype
from gaq.train.config import TrainConfig
from gaq.train.frames import TrainFrames

FLOAT = "fp32"


def check_parent(config: TrainConfig, parent: Checkpoint, dataset: Dataset) -> None:
    """Raise `UsageError` for a quantized parent, one with another network, or one that lacks an element of the data."""
    if parent.recipe.name != FLOAT:
        raise UsageError(f"the model to start from is quantized ({parent.recipe.name}). Give a float checkpoint.")
    ours, theirs = config.model.model_dump(), parent.model.config.model_dump()
    other = [f"{name} {theirs.get(name)}, not {value}" for name, value in ours.items() if theirs.get(name) != value]
    if other:
        raise UsageError(f"the model to start from has {', '.join(other)}. Ask for no network, or for the same.")
    lacking = sorted({int(z) for s in dataset.structures for z in s.species} - set(parent.model.species))
    if lacking:
        known, more = (" ".join(SYMBOLS[z] for z in row) for row in (parent.model.species, lacking))
        raise UsageError(f"the model to start from knows {known}, and {dataset.name} has {more} too. Train a new one.")


def begun(config: TrainConfig, parent: Checkpoint, frames: TrainFrames) -> Layered:
    """Return the parent's model, its zero of energy moved to that of the frames."""
    model = as_dtype(parent.model, getattr(torch, config.dtype))
    shift_reference_(model, frames, *reference_targets(frames))
    return model
