"""Training settings for data that come without any: split, size and length from the frames themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from gaq.config import Frozen
from gaq.data.dataset import Dataset
from gaq.data.labels import has_forces
from gaq.data.rmd17 import MOST_TRAINING_FRAMES
from gaq.errors import UsageError
from gaq.train.config import TrainConfig

STEPS = 10_000  # of training; more lower the error slowly (docs/results)
EPOCHS = (10, 500)
HELD_OUT = 100  # frames of validation at most, and a tenth at most
ATOMS_PER_STEP = 300
LARGE = 100  # atoms per frame from which a smaller network is suggested

S = TypeVar("S", bound=Frozen)


def suggested_config(dataset: Dataset, asked: TrainConfig) -> TrainConfig:
    """Return `asked` with every setting that was not set in it chosen from the data.

    Raises `UsageError` for a single frame, of which none could be held out.
    """
    frames = len(dataset) - dataset.more
    if frames < 2:
        raise UsageError(f"{dataset.name} has {frames} frame; training needs two or more, one of them to validate on.")
    atoms = float(np.mean([len(s) for s in dataset.structures]))
    held = asked.data.validation if "validation" in asked.data.model_fields_set else min(HELD_OUT, max(1, frames // 10))
    most = MOST_TRAINING_FRAMES if dataset.name.startswith("rmd17/") else frames
    train = asked.data.train or max(1, min(frames - held, most))
    batch = asked.batch if "batch" in asked.model_fields_set else int(np.clip(ATOMS_PER_STEP // atoms, 1, 10))
    steps = -(-(train + dataset.more) // batch)
    layers = 2 if asked.model.architecture == "transformer" or atoms > LARGE else 4
    size = {"channels": 32 if atoms > LARGE else 64, "layers": layers}
    chosen = {"batch": batch, "epochs": int(np.clip(round(STEPS / steps), *EPOCHS))}
    data = _filled(asked.data, {"validation": held, "train": train})
    return _filled(asked, chosen).model_copy(update={"data": data, "model": _filled(asked.model, size)})


def steps_per_epoch(config: TrainConfig, more: int = 0) -> int:
    """Return optimizer steps in an epoch of a configuration that names its number of training frames, and `more`."""
    return -(-((config.data.train or 0) + more) // config.batch)


def force_rms(dataset: Dataset) -> float:
    """Return the root mean square of all known force components, eV/Å; 0 where there are none."""
    known = [np.ravel(label.forces) for label in dataset.labels if has_forces(label)]
    return float(np.sqrt(np.mean(np.concatenate(known) ** 2))) if known else 0.0


def expected_share(config: TrainConfig, more: int = 0) -> float:
    """Return the force error to expect as a share of the root mean square force, for one small molecule.

    A rule of thumb: 1.5 % after 1,350 steps on 450 frames, as in `gaq demo`, falling with the square root of both
    numbers, and no lower than 0.2 %. rMD17 ethanol and azobenzene (docs/results) lie within a factor of 2.
    """
    frames, steps = config.data.train or 1, max(1, config.epochs * steps_per_epoch(config, more))
    return min(1.0, max(0.002, 0.015 * (450 / frames) ** 0.5 * (1350 / steps) ** 0.5))


def _filled(section: S, values: Mapping[str, Any]) -> S:
    """Return the section with these values where none was given."""
    return section.model_copy(update={k: v for k, v in values.items() if k not in section.model_fields_set})
