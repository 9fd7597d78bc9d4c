"""Costs of parts: they are those of the network that is quantized so, and weights keep what they must."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaq.cost.parts import alone
from gaq.cost.sensitivity import FLOOR, force_cost, reference_of, sensitivity, trial_on
from gaq.engine.pytorch import TorchEngine
from gaq.errors import UnsupportedElement, UsageError
from gaq.measure.ledger import find
from gaq.quant.install import preset
from gaq.train.calibrate import quantized_copy
from gaq.units import MEV
from tiny import config, dataset, network


def trial(recipe: str = "naive-int8", frames: int = 4):
    data = dataset(frames)
    return trial_on(network(config()), "tiny.ckpt", preset(recipe, 0), data, data, rotations=2)


def test_every_part_is_measured_and_weights_cost_no_symmetry():
    told = []
    rows = sensitivity(trial(), "kind", lambda part, done, total: told.append((part, done, total)))
    models = {entry.model for entry in rows if entry.control is None}
    assert {"slots/all", "slots/weights", "slots/update.mix1.input", "slots/attention.key"} <= models
    assert told[-1] == ("float parent", len(models), len(models))

    def value(part: str, metric: str) -> float:
        return find([r for r in rows if r.model == f"slots/{part}"], metric).value

    assert value("weights", "force_fidelity") > 1
    floor = {r.metric: r.value for r in rows if r.control == FLOOR}
    assert value("weights", "lee_mean") < 3 * floor["lee_mean"]
    assert value("weights", "path_work") < 3 * floor["path_work"] + 1e-3
    # The negative control: vectors rounded along x, y and z do cost both.
    assert value("update.mix1.input", "lee_mean") > 100 * floor["lee_mean"]
    assert value("update.mix1.input", "path_work") > 100 * floor["path_work"]
    assert value("all", "force_fidelity") > value("update.mix1.input", "force_fidelity")


def test_a_cost_is_that_of_the_network_quantized_so():
    one = replace(trial(), rotations=0, circled=0)
    rows = sensitivity(one, "slot")
    name = "layers.1.update.hidden.input"
    recipe = alone(one.recipe, one.slots, [name])
    engine = TorchEngine(quantized_copy(one.parent, recipe, one.calibration), "by hand", recipe.name)
    pairs = zip(engine.evaluate(one.test.structures), reference_of(one).predictions, strict=True)
    off = np.concatenate([(a.forces - b.forces).ravel() for a, b in pairs])
    found = find([r for r in rows if r.model == f"slots/{name}"], "force_fidelity").value
    assert found == pytest.approx(np.sqrt(np.mean(off**2)) / MEV, rel=1e-9)
    assert found == pytest.approx(force_cost(one, recipe, reference_of(one)), rel=1e-12)
    assert {r.metric for r in rows} == {"energy_fidelity", "force_fidelity"}


def test_what_cannot_be_measured_is_said():
    with pytest.raises(UsageError, match="recipe 'fp32' leaves every slot in float"):
        sensitivity(trial("fp32"))
    with pytest.raises(UsageError, match="tiny holds no frame"):
        trial(frames=0)
    data = dataset(2)
    silicon = replace(data.structures[0], species=np.full(len(data.structures[0]), 14))
    other = replace(data, structures=(silicon, data.structures[1]))
    with pytest.raises(UnsupportedElement, match="the model knows H, C, N, O. Structure 0 has Si"):
        trial_on(network(config()), "tiny.ckpt", preset("w4"), data, other)
