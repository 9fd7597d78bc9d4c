"""Mixed precision on a small network: limits hold as measured, and what cannot be had is refused with what can."""

from __future__ import annotations

import re

import pytest

from gaq.cost.allot import FLOAT, allot
from gaq.cost.budget import parse_budget
from gaq.cost.sensitivity import force_cost, reference_of, trial_on
from gaq.engine.packing import packed_in_memory
from gaq.errors import UsageError
from gaq.quant.install import preset
from gaq.quant.recipe import Recipe
from gaq.quant.size import weight_footprint
from gaq.quant.slot import WEIGHTS
from gaq.quant.spec import Framed, Identity, bits_of
from gaq.train.calibrate import quantized_copy
from tiny import config, dataset, network


def trial(recipe: str = "frame-w4a8"):
    data = dataset(4)
    return trial_on(network(config()), "tiny.ckpt", preset(recipe, 3), data, data)


@pytest.fixture(scope="module")
def framed():
    return trial()


def test_a_limit_of_bits_is_kept_and_spent_on_the_dear_slots(framed):
    found = allot(framed, parse_budget("bits=9.5"))  # scales weigh much in a network of eight channels
    network_ = quantized_copy(framed.parent, found.recipe, framed.calibration)
    assert weight_footprint(network_.quantizers())["bits_per_weight"] == found.bits_per_weight <= 9.5
    assert {4, 8} == set(found.bits.values())
    worst = max(found.choices, key=lambda choice: choice.error[-1] / choice.worth)
    assert found.bits[worst.slot] == 8
    coarse = quantized_copy(framed.parent, framed.recipe, framed.calibration)
    rules = found.recipe.resolve([q.slot for q in coarse.quantizers()])
    for quantizer in coarse.quantizers():  # features are as the recipe has them
        if quantizer.slot.role not in WEIGHTS:
            assert rules[quantizer.slot.name].spec == quantizer.spec


def test_a_limit_of_force_is_kept_by_what_is_measured(framed):
    reference = reference_of(framed)
    found = allot(framed, parse_budget("force=40"))
    assert found.force <= 40
    assert found.force == force_cost(framed, found.recipe, reference)
    tighter = allot(framed, parse_budget("force=20"))
    assert tighter.force <= 20
    assert tighter.bits_per_weight >= found.bits_per_weight
    kinds = {bits_of(rule.spec) for rule in found.recipe.rules if not isinstance(rule.spec, Identity)}
    assert kinds <= {4, 8, 16, FLOAT}
    rules = found.recipe.resolve(framed.slots)
    mixing = [rules[n].spec for n in found.bits if n.endswith("mix1.input") and found.bits[n] != FLOAT]
    assert all(isinstance(spec, Framed) for spec in mixing)


def test_a_limit_of_the_file(framed):
    def size(recipe: Recipe) -> float:
        return len(packed_in_memory(quantized_copy(framed.parent, recipe, framed.calibration), recipe)) / 1000

    widest = allot(framed, parse_budget("kb=1000"))
    assert set(widest.bits.values()) == {8}
    budget = parse_budget(f"kb={size(widest.recipe) - 0.3}")
    found = allot(framed, budget)
    assert size(found.recipe) <= budget.limit
    assert 4 in found.bits.values()


def test_the_recipe_is_read_back_from_its_file(framed, tmp_path):
    found = allot(framed, parse_budget("bits=9.5")).recipe
    (tmp_path / "recipe.toml").write_text(found.to_toml())
    assert Recipe.from_toml(tmp_path / "recipe.toml") == found
    assert {rule.from_epoch for rule in found.rules} == {0, 3}  # stages of training are those of the recipe


@pytest.mark.parametrize("measure", ["bits", "kb", "force"])
def test_what_cannot_be_had_is_refused_with_the_nearest_that_can(framed, measure):
    with pytest.raises(UsageError, match=f"The nearest possible is {measure}=") as refused:
        allot(framed, parse_budget(f"{measure}=0.001"))
    nearest = re.search(rf"{measure}=([\d.]+\d)", str(refused.value).split("nearest possible is")[1])
    allot(framed, parse_budget(f"{measure}={nearest.group(1)}"))


def test_nothing_to_choose():
    with pytest.raises(UsageError, match="recipe 'fp32' has no slot whose bits could be chosen"):
        allot(trial("fp32"), parse_budget("bits=5"))
    with pytest.raises(UsageError, match="recipe 'fp32' has no slot"):
        allot(trial("fp32"), parse_budget("force=5"))


def test_codes_of_directions_are_left_as_they_are():
    found = allot(trial("gaq-w8a8"), parse_budget("bits=9.5"))
    assert not any("mix1.input" in name for name in found.bits)


def test_what_costs_energy_alone_is_not_free(framed):
    """The input of the last layer: its rounding is passed straight through to the forces, and counts by the energy."""
    found = allot(framed, parse_budget("force=40"))
    (last,) = [choice for choice in found.choices if choice.slot == "readout.energy.input"]
    assert max(found.alone[last.slot]) < 1e-3
    assert last.error[0] == 0 < last.error[1] < last.error[2]
