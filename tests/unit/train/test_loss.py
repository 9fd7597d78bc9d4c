"""Each term is its formula, the sum is weighted, and the parts of several processes add up to the whole."""

from __future__ import annotations

import pytest
import torch

from gaq.geometry.rotations import random_rotations
from gaq.model.forces import energy_and_forces
from gaq.quant.install import preset
from gaq.train.config import LossConfig
from gaq.train.frames import Target, prepare
from gaq.train.loss import energy_term, force_term, symmetry_term, total_loss
from gaq.train.session import quantize
from tiny import batch_of, config, dataset, molecules, network

KINDS = ("distance", "square")


@pytest.fixture
def target() -> Target:
    return Target(torch.zeros(2, dtype=torch.float64), torch.zeros(12, 3, dtype=torch.float64))


@pytest.mark.parametrize(("kind", "expected"), [("distance", 3 / 3 + 1 / 3**0.5), ("square", 9 / 9 + 1 / 3)])
def test_energies_are_weighed_by_the_root_of_their_atoms(target, kind, expected):
    """|ΔE| / √atoms, for nine and three atoms."""
    batch = batch_of(molecules()[:2])
    energies = torch.tensor([3.0, -1.0], dtype=torch.float64)
    assert energy_term(energies, target, batch, kind).item() == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(("kind", "expected"), [("distance", 5 + 13), ("square", 25 + 169)])
def test_forces_are_distances_of_vectors(target, kind, expected):
    forces = torch.zeros(12, 3, dtype=torch.float64)
    forces[1] = torch.tensor([3.0, 0, 4])
    forces[7] = torch.tensor([0, -5.0, 12])
    assert force_term(forces, target, kind).item() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_no_error_costs_nothing_and_pulls_nowhere(target, kind):
    forces = torch.zeros(12, 3, dtype=torch.float64, requires_grad=True)
    term = force_term(forces, target, kind)
    term.backward()
    assert term.item() == 0
    assert (forces.grad == 0).all()


def test_the_symmetry_term_is_the_equivariance_error(seed):
    """Σ_i ‖F_i(RG) − R F_i(G)‖, each structure with its own rotation; here one structure at a time."""
    model = quantize(network(config(), torch.float64), preset("naive-int8"), molecules())
    batch = batch_of(molecules())
    rotations = random_rotations(batch.count, torch.Generator().manual_seed(seed))
    _, forces = energy_and_forces(model, batch, differentiable=True)
    term = symmetry_term(model, batch, forces, "square", rotations)
    expected = 0.0
    for structure, rotation in zip(molecules(), rotations, strict=True):
        _, before = energy_and_forces(model, batch_of([structure]))
        _, after = energy_and_forces(model, batch_of([structure.rotated(rotation.numpy())]))
        expected += (after - before @ rotation.T).square().sum().item()
    assert term.item() == pytest.approx(expected, rel=1e-9)
    assert expected > 1e-4
    term.backward()
    assert max(p.grad.abs().max().item() for p in model.parameters() if p.grad is not None) > 0


def test_a_float_model_pays_no_symmetry_term(seed):
    model, batch = network(config(), torch.float64), batch_of(molecules())
    rotations = random_rotations(batch.count, torch.Generator().manual_seed(seed))
    _, forces = energy_and_forces(model, batch, differentiable=True)
    assert symmetry_term(model, batch, forces, "square", rotations).item() < 1e-20


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_the_weighted_sum(kind, seed):
    frames = prepare(dataset(4), 5.0)
    model = network(config(), torch.float64)
    batch, target = frames.batch(range(4))
    atoms = len(batch.species)
    energies, forces = energy_and_forces(model, batch)
    settings = LossConfig(kind=kind, energy=0.3, forces=2.0)
    expected = 0.3 * energy_term(energies, target, batch, kind) / 4
    expected = expected + 2.0 * force_term(forces, target, kind) / atoms
    assert total_loss(model, batch, target, settings, (4, atoms)).item() == pytest.approx(expected.item())
    symmetric = LossConfig(kind=kind, energy=0.3, forces=2.0, symmetry=5.0)
    quantized = quantize(model, preset("gaq-w8a8", 0), molecules())
    rotations = random_rotations(4, torch.Generator().manual_seed(seed))
    _, forces = energy_and_forces(quantized, batch)
    penalty = 5.0 * symmetry_term(quantized, batch, forces, kind, rotations) / atoms
    with_it = total_loss(quantized, batch, target, symmetric, (4, atoms), rotations)
    without = total_loss(quantized, batch, target, settings, (4, atoms))
    assert (with_it - without).item() == pytest.approx(penalty.item())
    assert penalty.item() > 0


def test_parts_of_a_batch_add_up():
    """Losses and gradients of two processes, divided by the sizes of the whole batch, sum to those of one."""
    frames = prepare(dataset(5), 5.0)
    model = network(config(), torch.float64)
    whole, target = frames.batch(range(5))
    sizes = (5, len(whole.species))

    def gradient(loss):
        parameters = list(model.parameters())
        return torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters, retain_graph=True)])

    loss = total_loss(model, whole, target, LossConfig(), sizes)
    parts = [total_loss(model, *frames.batch(part), LossConfig(), sizes) for part in ([0, 2, 4], [1, 3])]
    assert sum(p.item() for p in parts) == pytest.approx(loss.item(), rel=1e-12)
    difference = gradient(parts[0]) + gradient(parts[1]) - gradient(loss)
    assert difference.abs().max() < 1e-9 * gradient(loss).abs().max()
