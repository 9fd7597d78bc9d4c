"""Weights that oscillate between two codes are held where they mostly were; all others stay as they are."""

from __future__ import annotations

import copy

import pytest
import torch

from gaq.quant.install import preset
from gaq.quant.presets import w4
from gaq.train.freezing import BEGIN, EARLY, LATE, MEMORY, Freezer, Watched
from gaq.train.session import quantize
from tiny import config, molecules, network

NAME = "messages.0.project"


@pytest.fixture
def model():
    return quantize(network(config()), w4(), molecules())


def layer_of(model):
    return model.get_submodule(NAME)


def swing(model, freezer: Freezer, steps: int, done: float, away: int = 2) -> None:
    """One weight is put next to its code of 1, but every `away` steps next to -2."""
    layer = layer_of(model)
    scale = layer.weight_quantizer(layer.weight).scale[0, 0]
    for step in range(steps):
        with torch.no_grad():
            layer.weight[0, 0] = (-2 if step % away == 0 else 1) * scale
        freezer.step(model, done)


def test_a_weight_that_swings_is_held_where_it_mostly_was(model):
    freezer, layer = Freezer(), layer_of(model)
    before = copy.deepcopy(model.state_dict())
    swing(model, freezer, 300, done=BEGIN / 2, away=4)
    swing(model, freezer, 4, done=0.5, away=4)
    found = layer.weight_quantizer(layer.weight)
    held = freezer.watched[NAME].held
    assert held.nonzero().tolist() == [[0, 0]]
    assert found.codes[0, 0] == 0, "the mean of three times 1 and once -2, rounded, and not where it was last"
    assert layer.weight[0, 0] == 0
    others = {name: t for name, t in model.state_dict().items() if name != f"{NAME}.weight"}
    assert all(torch.equal(t, before[name]) for name, t in others.items())
    layer.weight.data[0, 0] = before[f"{NAME}.weight"][0, 0]
    assert torch.equal(layer.weight, before[f"{NAME}.weight"])


def test_it_stays_when_it_is_pulled_and_when_its_step_changes(model):
    freezer, layer = Freezer(), layer_of(model)
    swing(model, freezer, 20, done=0.5)
    code = freezer.watched[NAME].at[0, 0].clone()
    with torch.no_grad():
        layer.weight += 0.3
        layer.weight_quantizer.calibrated.factor *= 1.25
    freezer.step(model, 0.9)
    found = layer.weight_quantizer(layer.weight)
    assert found.codes[0, 0] == code
    assert layer.weight[0, 0] == code * found.scale[0, 0]
    assert not torch.equal(layer.weight[0, 1], code * found.scale[0, 0])


def test_nothing_is_held_at_the_beginning(model):
    freezer = Freezer()
    swing(model, freezer, 60, done=BEGIN / 2)
    assert not any(seen.held.any() for seen in freezer.watched.values())
    swing(model, freezer, 1, done=BEGIN)
    assert freezer.watched[NAME].held[0, 0]


def test_the_limit_falls(model):
    """One change is forgotten early, and is too many at the end."""
    assert LATE < MEMORY < EARLY
    for done, expected in ((BEGIN, 0.0), (1.0, 1.0)):
        freezer, one = Freezer(), copy.deepcopy(model)
        freezer.step(one, done)
        with torch.no_grad():
            layer_of(one).weight[0, 0] += (
                1.2
                * layer_of(one).weight_quantizer(layer_of(one).weight).scale[0, 0]
                * (-1 if layer_of(one).weight[0, 0] > 0 else 1)
            )
        freezer.step(one, done)
        assert bool(freezer.watched[NAME].held[0, 0]) is bool(expected)


@pytest.mark.parametrize("name", ["fp32", "w8", "lsq-w8a8"])
def test_fine_and_float_weights_are_not_watched(name):
    model = quantize(network(config()), preset(name), molecules())
    freezer = Freezer()
    swing_free = copy.deepcopy(model.state_dict())
    for _ in range(3):
        freezer.step(model, 0.9)
    assert freezer.watched == {}
    assert all(torch.equal(t, swing_free[key]) for key, t in model.state_dict().items())


def test_weights_that_are_still_in_float_are_not_watched(model):
    layer_of(model).weight_quantizer.active = False
    freezer = Freezer()
    freezer.step(model, 0.9)
    assert NAME not in freezer.watched
    assert "messages.1.project" in freezer.watched


def test_what_is_kept_is_what_goes_on(model):
    one, other = Freezer(), Freezer()
    swing(model, one, 20, done=0.5)
    other.restore({key: t.clone() for key, t in one.tensors().items()}, model)
    twin = copy.deepcopy(model)
    swing(model, one, 9, done=0.7, away=3)
    swing(twin, other, 9, done=0.7, away=3)
    ours, theirs = one.tensors(), other.tensors()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert torch.equal(layer_of(model).weight, layer_of(twin).weight)


def test_a_state_of_another_network_is_refused(model):
    codes = torch.zeros_like(model.messages[0].project.weight)
    kept = Freezer({"messages.0.project": Watched.of(codes)}).tensors()
    for other in ({"nowhere/" + k.split("/")[1]: t for k, t in kept.items()}, {k: t[1:] for k, t in kept.items()}):
        with pytest.raises(ValueError, match="no weight has"):
            Freezer().restore(other, model)
