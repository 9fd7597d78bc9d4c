"""Each term is its formula, the sum is weighted, and the parts of several processes add up to the whole."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from gaq.atoms.structure import Labels, Weights
from gaq.data.dataset import Dataset
from gaq.geometry.rotations import random_rotations
from gaq.model.forces import energy_and_forces, evaluate
from gaq.quant.install import preset
from gaq.train.config import LossConfig
from gaq.train.frames import Target, prepare
from gaq.train.loss import energy_term, force_term, symmetry_term, total_loss
from gaq.train.session import quantize
from tiny import batch_of, box, config, dataset, molecules, network

KINDS = ("distance", "square")


@pytest.fixture
def target() -> Target:
    zeros, ones = (partial(make, dtype=torch.float64) for make in (torch.zeros, torch.ones))
    return Target(zeros(2), zeros(12, 3), ones(2), ones(12))


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


def weighted(weights: Weights) -> Dataset:
    data = dataset(3)
    labels = (replace(data.labels[0], weights=weights), *data.labels[1:])
    return replace(data, labels=labels)


def test_weights_of_frames_multiply_their_terms():
    """Twice the weight is twice the share of the loss; weight 0 is the loss without the label."""
    model = network(config(), torch.float64)

    def loss(data: Dataset, chosen: list[int]) -> float:
        batch, target = prepare(data, 5.0).batch(chosen)
        return total_loss(model, batch, target, LossConfig(), (3, 15)).item()

    alone, others = loss(dataset(3), [0]), loss(dataset(3), [1, 2])
    for weight in (0.0, 0.5, 2.0):
        found = loss(weighted(Weights(weight, weight)), [0, 1, 2])
        assert found == pytest.approx(weight * alone + others, rel=1e-12)


def test_a_label_that_is_unknown_does_not_pull():
    """NaN must not reach a gradient through 0 · NaN."""
    data = dataset(3)
    unknown = (replace(data.labels[0], energy=float("nan")), replace(data.labels[1], forces=np.full((3, 3), np.nan)))
    batch, target = prepare(replace(data, labels=(*unknown, data.labels[2])), 5.0).batch([0, 1, 2])
    model = network(config(), torch.float64)
    total_loss(model, batch, target, LossConfig(), (3, 15)).backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_virials_are_strain_derivatives(seed):
    """Against central differences of the energy, for a triclinic box."""
    model, structure = network(config(), torch.float64), box(seed)
    batch = batch_of([structure])
    found = evaluate(model, batch)
    virials = found.virials
    plain_energies, plain_forces = energy_and_forces(model, batch)
    assert torch.equal(found.energies, plain_energies)
    assert torch.equal(found.forces, plain_forces)
    step = 1e-5
    for a, b in ((0, 0), (0, 1), (2, 1)):
        strain = np.zeros((3, 3))
        strain[a, b] = step
        ends = []
        for sign in (1, -1):
            turn = np.eye(3) + sign * strain
            moved = replace(structure, positions=structure.positions @ turn, cell=structure.cell @ turn)
            edges = batch.edges  # the same pairs, so that none comes or goes
            with torch.no_grad():
                ends.append(model.energies(replace(batch_of([moved]), edges=edges)).item())
        assert virials[0, a, b].item() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-6)


def test_a_wrong_virial_pulls_on_the_weights():
    """The double backward through the strain: the gradient of the stress term is that of finite differences."""
    structure, model = box(1), network(config(layers=1), torch.float64)
    label = Labels(0.0, np.zeros((6, 3)), np.diag([1.0, 2.0, 3.0]))
    batch, target = prepare(Dataset("box", (structure,), (label,), ""), 5.0).batch([0])
    settings = LossConfig(kind="square", energy=0.0, forces=0.0, stress=1.0)

    def loss() -> torch.Tensor:
        return total_loss(model, batch, target, settings, (1, 6))

    loss().backward()
    weight = model.readout.energy.weight
    step = torch.zeros_like(weight)
    step[0, 2] = 1e-5
    with torch.no_grad():
        weight += step
        high = loss().item()
        weight -= 2 * step
        low = loss().item()
    assert weight.grad[0, 2].item() == pytest.approx((high - low) / 2e-5, rel=1e-5)
    no_stress = LossConfig(energy=0.0, forces=0.0, stress=0.0)
    assert total_loss(model, batch, target, no_stress, (1, 6)).item() == 0
