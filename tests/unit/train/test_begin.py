"""A training that begins with the weights of another one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gaq.atoms.structure import Labels, Structure
from gaq.config import checked
from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.engine.pytorch import TorchEngine
from gaq.errors import UsageError
from gaq.quant.install import preset
from gaq.train.begin import check_parent
from gaq.train.checkpoint import Checkpoint
from gaq.train.config import TrainConfig
from gaq.train.session import prepare_training
from tiny import config, network


def asked(**numbers):
    settings = checked({}, TrainConfig, ["data.train=20", "data.validation=5", "epochs=1"])
    return settings.model_copy(update={"model": config(**numbers)})


def parent(recipe="fp32"):
    return Checkpoint(network(config()), preset(recipe))


def test_it_begins_with_the_weights_and_the_zero_of_the_data(tmp_path):
    prepared = prepare_training(asked(), read_dataset("embedded", 30), tmp_path, parent=parent())
    start, train = prepared.start.model, prepared.task.frames.dataset
    before = dict(parent().model.named_parameters())
    assert all(torch.equal(weight, before[name]) for name, weight in start.named_parameters())
    found = TorchEngine(start, "start", "fp32").evaluate(train.structures)
    errors = [one.energy - label.energy for one, label in zip(found, train.labels, strict=True)]
    assert abs(np.mean(errors)) < 0.5 * np.std(errors), "and energies are some thousand eV"
    fresh = prepare_training(asked(), read_dataset("embedded", 30), tmp_path).start.model
    assert not torch.equal(fresh.embedding, start.embedding)


@pytest.mark.parametrize(
    ("given", "numbers", "said"),
    [
        (parent("w8"), {}, r"is quantized \(w8\)\. Give a float"),
        (parent(), {"channels": 16}, "has channels 8, not 16"),
    ],
)
def test_what_it_cannot_begin_with(given, numbers, said):
    with pytest.raises(UsageError, match=said):
        check_parent(asked(**numbers), given, read_dataset("embedded", 5))


def test_an_element_that_the_parent_does_not_know():
    hydrogen_fluoride = Structure.molecule(np.array([1, 9]), np.array([[0.0, 0, 0], [0, 0, 0.92]]))
    data = Dataset("hf", (hydrogen_fluoride,), (Labels(0.0, np.zeros((2, 3))),), "")
    with pytest.raises(UsageError, match="knows H C N O, and hf has F too"):
        check_parent(asked(), parent(), data)
