"""Errors are means over the labels that are known and count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from gaq.atoms.structure import Labels, Weights
from gaq.data.dataset import Dataset
from gaq.model.forces import energy_and_forces, evaluate
from gaq.train.config import LossConfig
from gaq.train.frames import prepare
from gaq.train.session import prepare_training
from gaq.train.validation import validate
from tiny import batch_of, box, config, dataset, network, train_config


def test_validation_is_a_mean_absolute_error(tmp_path):
    prepared = prepare_training(train_config(), dataset(), tmp_path)
    model, frames = prepared.start.model, prepared.task.validation
    errors = validate(model, frames)
    batch, target = frames.batch(range(len(frames)))
    energies, forces = energy_and_forces(model, batch)
    assert errors.energy == pytest.approx(1e3 * (energies - target.energies).abs().mean().item())
    assert errors.forces == pytest.approx(1e3 * (forces - target.forces).abs().mean().item())


def test_a_constant_error_of_energies_does_not_count_where_it_will_be_removed(tmp_path):
    prepared = prepare_training(train_config(), dataset(), tmp_path)
    model, frames = prepared.start.model, prepared.task.validation
    before, centred = (validate(model, frames, centred=choice) for choice in (False, True))
    model.reference += 1.0
    assert validate(model, frames, centred=True).energy == pytest.approx(centred.energy, rel=1e-9)
    assert validate(model, frames).energy > 10 * max(before.energy, 1.0)


def test_unknown_labels_and_those_without_weight_are_left_out():
    data, model = dataset(4), network(config())
    whole = validate(model, prepare(data.subset([0, 1]), 5.0))
    unknown = replace(data.labels[2], energy=float("nan"), forces=np.full_like(data.labels[2].forces, np.nan))
    unweighted = replace(data.labels[3], weights=Weights(0.0, 0.0), energy=0.0)
    labels = (*data.labels[:2], unknown, unweighted)
    found = validate(model, prepare(replace(data, labels=labels), 5.0))
    assert (found.energy, found.forces) == pytest.approx((whole.energy, whole.forces), rel=1e-6)
    nothing = validate(model, prepare(replace(data, labels=labels).subset([3]), 5.0))
    assert (nothing.energy, nothing.forces, nothing.stress) == (None, None, None)
    assert nothing.facts() == {}
    assert nothing.score(LossConfig()) == 0


def test_a_network_that_broke_is_not_taken_for_missing_labels():
    model = network(config())
    with torch.no_grad():
        model.readout.energy.weight.fill_(float("nan"))
    found = validate(model, prepare(dataset(2), 5.0))
    assert np.isnan(found.score(LossConfig()))


def test_one_outlier_does_not_move_the_centre():
    data, model = dataset(8), network(config())
    labels = tuple(
        replace(label, energy=energy)
        for label, energy in zip(data.labels, model.energies(batch_of(list(data.structures))).tolist(), strict=True)
    )
    wrong = (replace(labels[0], energy=labels[0].energy + 1000), *labels[1:])
    found = validate(model, prepare(replace(data, labels=wrong), 5.0), centred=True)
    assert found.energy == pytest.approx(1000e3 / 8, rel=1e-3)


def test_stress_is_the_virial_over_the_volume():
    structure, model = box(0), network(config())
    virial = evaluate(model, batch_of([structure])).virials[0].numpy()
    off = np.array([[0.3, 0.1, 0.0], [0.1, 0.0, 0.0], [0.0, 0.0, 0.0]])
    label = Labels(0.0, np.zeros((6, 3)), 0.5 * (virial + virial.T) + off)
    frames = prepare(Dataset("box", (structure,), (label,), ""), 5.0)
    expected = 1e3 * 0.5 / 9 / abs(np.linalg.det(structure.cell))
    assert validate(model, frames).stress == pytest.approx(expected, rel=1e-5)
