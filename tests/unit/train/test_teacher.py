"""The float parent labels what it displaced; everything else keeps its labels."""

from __future__ import annotations

import torch

from gaq.model.forces import energy_and_forces
from gaq.train.frames import prepare
from gaq.train.teacher import Teacher
from tiny import config, dataset, network


def lesson(share: float, seed: int = 0):
    batch, target = prepare(dataset(8), 5.0).batch(range(8))
    model = network(config())
    taught, labels = Teacher(model, 0.05, share).relabelled(batch, target, torch.Generator().manual_seed(seed))
    return batch, target, model, taught, labels


def test_some_are_displaced_and_labelled_by_the_parent():
    batch, target, model, taught, labels = lesson(0.5)
    shift = (taught.positions - batch.positions).abs()
    moved = torch.tensor([shift[batch.structure == k].max() > 0 for k in range(8)])
    assert 0 < moved.sum() < 8
    energies, forces = energy_and_forces(model, taught)
    atoms = moved[batch.structure]
    assert torch.equal(labels.energies[moved], energies[moved])
    assert torch.equal(labels.forces[atoms], forces[atoms])
    assert torch.equal(labels.energies[~moved], target.energies[~moved])
    assert torch.equal(labels.forces[~atoms], target.forces[~atoms])
    assert not torch.equal(labels.energies[moved], target.energies[moved])
    assert 0.02 < shift[atoms].square().mean().sqrt() < 0.1


def test_shares_of_none_and_all():
    batch, target, _, taught, labels = lesson(0.0)
    assert taught is batch
    assert labels is target
    batch, _, _, taught, _ = lesson(1.0)
    assert ((taught.positions - batch.positions).abs().amax(-1) > 0).all()


def test_the_draw_decides():
    first, again, other = (lesson(0.5, seed)[3].positions for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
