"""The domain of a model: what its training frames hold, and how large its last features are on them."""

from __future__ import annotations

import numpy as np
import torch

from gaq.atoms.domain import Domain
from gaq.model.last_features import last_features
from gaq.model.protocol import device_of
from gaq.model.transformer import Transformer
from gaq.train.frames import TrainFrames

BATCH = 16


@torch.no_grad()
def domain_of(model: Transformer, frames: TrainFrames) -> Domain:
    """Return the domain of the frames; a species that none of them has gets no neighbours and features of no size."""
    count = len(model.species)
    neighbors = np.full((count, 2), [np.iinfo(np.int64).max, 0], dtype=np.int64)
    for structure, pairs in zip(frames.dataset.structures, frames.neighbors, strict=True):
        row = np.searchsorted(model.species, structure.species)
        found = np.bincount(pairs.receiver, minlength=len(row))
        np.minimum.at(neighbors[:, 0], row, found)
        np.maximum.at(neighbors[:, 1], row, found)
    neighbors[:, 0] = np.minimum(neighbors[:, 0], neighbors[:, 1])
    with last_features(model) as norms:
        for batch, _ in frames.batches(BATCH):
            model.energies(batch.to(device_of(model)))
    size = torch.cat(norms).numpy()
    row = np.searchsorted(model.species, np.concatenate([s.species for s in frames.dataset.structures]))
    features = np.zeros((count, 3))
    for index in np.unique(row):
        of_species = size[row == index]
        features[index] = of_species.mean(), of_species.std(), of_species.max()
    return Domain(len(frames), np.minimum(frames.closest(model.species), model.cutoff), neighbors, features)
