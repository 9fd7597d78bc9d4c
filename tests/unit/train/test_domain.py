"""The domain of a model holds its training frames."""

from __future__ import annotations

import numpy as np

from gaq.atoms.domain import outside
from gaq.atoms.neighbors import find_neighbors
from gaq.atoms.structure import Structure
from gaq.model.last_features import last_features
from gaq.train.domain import domain_of
from gaq.train.frames import prepare
from tiny import batch_of, config, dataset, network


def test_training_frames_are_inside_and_others_are_not():
    model, frames = network(config()), prepare(dataset(8), 5.0)
    domain = domain_of(model, frames)
    assert domain.frames == 8
    assert domain.neighbors[model.species.index(8)].tolist() == [2, 5]
    assert domain.neighbors[model.species.index(7)].tolist() == [0, 0]  # no frame has nitrogen
    for structure, pairs in zip(frames.dataset.structures, frames.neighbors, strict=True):
        with last_features(model) as norms:
            model.energies(batch_of([structure]))
        assert outside(domain, model.species, structure, pairs, norms[0].numpy(), 5.0) == ""
    alone = Structure.molecule([8], [[0, 0, 0]])
    assert "0 neighbours" in outside(domain, model.species, alone, find_neighbors(alone, 5.0), np.zeros(1), 5.0)
