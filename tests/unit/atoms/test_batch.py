"""Structures of different sizes in one batch keep their atoms, their pairs and their displacements."""

from __future__ import annotations

import numpy as np
import torch

from gaq.atoms.batch import AtomBatch, collate, edge_vectors
from gaq.atoms.neighbors import find_neighbors
from gaq.atoms.structure import Structure
from gaq.geometry.rotations import random_rotations
from tiny import batch_of, box, molecule, molecules

LONELY = Structure.molecule([8], [[1.0, 2.0, 3.0]])


def everything() -> list[Structure]:
    return [molecules()[0], LONELY, box(), molecule("H2O", 3)]


def test_atoms_are_in_the_order_given():
    structures = everything()
    batch = batch_of(structures)
    assert batch.count == 4
    assert batch.structure.tolist() == [0] * 9 + [1] + [2] * 6 + [3] * 3
    assert batch.species.tolist() == [z for s in structures for z in s.species]
    assert (batch.positions.numpy() == np.concatenate([s.positions for s in structures])).all()
    assert (batch.cells.numpy() == np.stack([s.cell for s in structures])).all()
    assert batch.positions.dtype == batch.cells.dtype == batch.edges.shift.dtype == torch.float64
    assert batch.species.dtype == batch.edges.receiver.dtype == torch.int64


def test_pairs_stay_within_a_structure_and_in_canonical_order():
    batch = batch_of(everything())
    edges = batch.edges
    assert torch.equal(batch.structure[edges.receiver], batch.structure[edges.sender])
    rows = torch.cat((edges.receiver[:, None], edges.sender[:, None], edges.shift.long()), 1).tolist()
    assert rows == sorted(rows)
    assert 9 not in edges.receiver, "the lonely atom has no pair"


def test_displacements_are_those_of_each_structure_alone():
    structures = everything()
    together = edge_vectors(batch_of(structures))
    alone = torch.cat([edge_vectors(batch_of([s])) for s in structures])
    assert torch.equal(together, alone)
    expected = []
    for s in structures:
        pairs = find_neighbors(s, 5.0)
        arms = s.positions[pairs.sender] - s.positions[pairs.receiver] + pairs.shift @ s.cell
        expected.append(arms)
    assert np.abs(together.numpy() - np.concatenate(expected)).max() < 1e-14
    assert together.norm(dim=-1).max() < 5.0
    assert (batch_of([box()]).edges.shift != 0).any()


def test_each_structure_turns_by_its_own_rotation(seed):
    batch = batch_of(everything())
    rotations = random_rotations(4, torch.Generator().manual_seed(seed))
    turned = batch.rotated(rotations)
    before, after = edge_vectors(batch), edge_vectors(turned)
    own = rotations[batch.structure[batch.edges.receiver]]
    assert (after - torch.einsum("eab,eb->ea", own, before)).abs().max() < 1e-13
    for index, structure in enumerate(everything()):
        copy = structure.rotated(rotations[index].numpy())
        assert np.abs(turned.positions[turned.structure == index].numpy() - copy.positions).max() < 1e-13
        assert np.abs(turned.cells[index].numpy() - copy.cell).max() < 1e-13
    assert torch.equal(batch.positions, batch_of(everything()).positions), "the batch is as it was"


def test_moved_keeps_the_pairs():
    batch = batch_of(everything())
    moved = batch.moved(batch.positions + 1.0)
    assert moved.edges is batch.edges
    assert (edge_vectors(moved) - edge_vectors(batch)).abs().max() < 1e-13


def test_displacements_are_differentiable_across_the_boundary():
    batch = batch_of([box(atoms=2)], 3.0)
    positions = batch.positions.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: edge_vectors(batch.moved(x)), positions)


def test_to_carries_every_tensor():
    batch = batch_of(everything()).to("meta")
    tensors = (batch.species, batch.positions, batch.structure, batch.cells)
    edges = (batch.edges.receiver, batch.edges.sender, batch.edges.shift)
    assert {t.device.type for t in tensors + edges} == {"meta"}
    assert isinstance(batch, AtomBatch)


def test_a_batch_of_one_lonely_atom():
    batch = collate([LONELY], [find_neighbors(LONELY, 5.0)])
    assert edge_vectors(batch).shape == (0, 3)
    assert batch.structure.tolist() == [0]
