"""Parts of a model, and recipes for one part alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gaq.cost.parts import BY, alone, part_of, parts
from gaq.errors import UsageError
from gaq.quant.install import preset
from gaq.quant.ptq import Gptq, Smooth
from gaq.quant.slot import Slot
from gaq.quant.spec import Identity
from tiny import config, network


def slots() -> list[Slot]:
    return [q.slot for q in network(config()).quantizers()]


@pytest.mark.parametrize("by", BY)
def test_parts_hold_every_quantized_slot_once(by):
    recipe = preset("frame-w4a8", 0)
    quantized = [n for n, rule in recipe.resolve(slots()).items() if not isinstance(rule.spec, Identity)]
    found = [name for group in parts(slots(), recipe, by).values() for name in group]
    assert sorted(found) == sorted(quantized)


def test_names_of_parts():
    gates = next(s for s in slots() if s.name == "layers.1.update.gates.input")
    weight = next(s for s in slots() if s.name == "readout.energy.weight")
    assert [part_of(gates, by) for by in BY] == [gates.name, "update.gates.input", "layers.1", "scalar-feature"]
    assert [part_of(weight, by) for by in BY] == [weight.name, "weights", "readout", "scalar-weight"]
    with pytest.raises(
        UsageError, match="`by` 'layers': expected one of slot, kind, layer, role. Did you mean 'layer'"
    ):
        part_of(gates, "layers")


def test_alone_leaves_the_rest_in_float():
    recipe = preset("gaq-w4a8", 7)
    chosen = ["layers.1.update.mix1.input", "readout.hidden.weight"]
    rules = alone(recipe, slots(), chosen).resolve(slots())
    assert [n for n, rule in rules.items() if not isinstance(rule.spec, Identity)] == chosen
    whole = recipe.resolve(slots())
    assert all(rules[n].spec == whole[n].spec and rules[n].calibrate == whole[n].calibrate for n in chosen)
    assert all(rule.from_epoch == 0 for rule in rules.values())


def test_a_weight_alone_is_rounded_as_the_recipe_rounds_it():
    recipe = replace(preset("w4"), ptq_passes=(Smooth(), Gptq(0.02)))
    assert alone(recipe, slots(), ["readout.hidden.weight"]).ptq_passes == (Gptq(0.02),)
    assert alone(preset("w4"), slots(), ["readout.hidden.weight"]).ptq_passes == ()
