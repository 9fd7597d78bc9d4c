from __future__ import annotations

import json

import pytest

from gaq.errors import RecipeError
from gaq.quant.direction_spec import Octahedral
from gaq.quant.observe import AbsMax, Percentile
from gaq.quant.recipe import Recipe, Rule, Tagged
from gaq.quant.slot import Role, Slot
from gaq.quant.spec import Framed, Identity, Polar, Uniform

SLOTS = (
    Slot("layers.0.update.gates.weight", Role.SCALAR_WEIGHT, (64, 64)),
    Slot("layers.1.update.gates.weight", Role.SCALAR_WEIGHT, (64, 64)),
    Slot("layers.0.update.mix1.input", Role.VECTOR_FEATURE, (None, 3, 64), degree=1),
    Slot("readout.hidden.weight", Role.SCALAR_WEIGHT, (64, 64), tags=("readout",)),
)
WEIGHTS = Rule(Role.SCALAR_WEIGHT, Uniform(4, per="channel"))
VECTORS = Rule(Role.VECTOR_FEATURE, Framed(Uniform(8, per="row")), from_epoch=3)


def resolved(*rules):
    return Recipe("trial", rules).resolve(SLOTS)


def test_a_name_beats_a_star_beats_a_role():
    star = Rule("layers.*.update.gates.weight", Uniform(8, per="channel"))
    name = Rule("layers.1.update.gates.weight", Identity())
    rules = resolved(name, WEIGHTS, star, VECTORS)
    assert [rules[slot.name] for slot in SLOTS] == [star, name, VECTORS, WEIGHTS]


def test_a_tag_is_between_a_role_and_a_name():
    tagged, both = Rule(Tagged("readout"), Identity()), Rule(Tagged("readout", Role.SCALAR_WEIGHT), Uniform(8))
    name = Rule("readout.hidden.weight", Uniform(6))
    for rules, winner in (((), WEIGHTS), ((tagged,), tagged), ((tagged, both), both), ((both, tagged, name), name)):
        found = resolved(VECTORS, WEIGHTS, *rules)
        assert found["readout.hidden.weight"] == winner
        assert found["layers.0.update.gates.weight"] == WEIGHTS


def test_a_tag_with_a_role_that_no_slot_has_applies_to_nothing():
    assert resolved(WEIGHTS, VECTORS, Rule(Tagged("readout", Role.VECTOR_WEIGHT), Uniform(8))) == resolved(
        WEIGHTS, VECTORS
    )


@pytest.mark.parametrize("role", [None, Role.SCALAR_WEIGHT])
def test_a_tag_that_no_slot_has_is_refused_with_those_that_there_are(role):
    rule = Rule(Tagged("readuot", role), Identity())
    with pytest.raises(
        RecipeError, match=r"no slot has the tag .readuot.*Did you mean 'readout'.*The tags are 'readout'"
    ):
        resolved(WEIGHTS, VECTORS, rule)
    with pytest.raises(RecipeError, match="No slot has any tag"):
        Recipe("trial", (WEIGHTS, VECTORS, rule)).resolve(SLOTS[:3])


@pytest.mark.parametrize("where", [Tagged("readout"), Tagged("readout", Role.SCALAR_WEIGHT)])
def test_a_tag_is_written_and_read(where, tmp_path):
    recipe = Recipe("trial", (WEIGHTS, Rule(where, Identity())))
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    (tmp_path / "r.toml").write_text(recipe.to_toml())
    assert Recipe.from_toml(tmp_path / "r.toml") == recipe


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"tag": 3}, "has tag 3; expected a text"),
        ({"tag": ""}, "expected a text"),
        ({"tag": "readout", "slot": "a.b"}, "needs a key 'role', 'tag' or both, or a key 'slot'"),
        ({}, "needs a key 'role', 'tag' or both, or a key 'slot'"),
        ({"tag": "readout", "role": "weights"}, "expected one of scalar-weight"),
    ],
)
def test_a_place_that_is_none_is_refused(where, said):
    with pytest.raises(RecipeError, match=said):
        Recipe.from_dict({"name": "mine", "rules": [where | {"spec": {"kind": "identity"}}]})


def test_a_star_is_one_segment():
    with pytest.raises(RecipeError, match="no slot is named 'layers.\\*.weight'"):
        resolved(WEIGHTS, VECTORS, Rule("layers.*.weight", Identity()))


@pytest.mark.parametrize("name", ["layers.*.update.*.weight", "layers.0*.update.gates.weight"])
def test_more_than_one_whole_segment_is_refused(name):
    with pytest.raises(RecipeError, match="one whole segment"):
        Rule(name, Identity())


def test_a_slot_without_a_rule_is_named():
    with pytest.raises(
        RecipeError,
        match="'trial' has no rule for slot 'layers.0.update.mix1.input' .role vector-feature.; add a rule",
    ):
        resolved(WEIGHTS)


def test_two_rules_of_equal_strength_are_refused():
    with pytest.raises(RecipeError, match="2 rules of equal strength for slot 'layers.0.update.gates.weight'"):
        resolved(WEIGHTS, VECTORS, WEIGHTS)
    stars = [Rule(f"{a}.{b}.update.gates.weight", Identity()) for a, b in (("layers", "*"), ("*", "0"))]
    with pytest.raises(RecipeError, match="equal strength.*slot 'layers"):
        resolved(WEIGHTS, VECTORS, *stars)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("readout.hiden.weight", "readout.hidden.weight"),
        ("layers.*.update.gate.weight", "layers.\\*.update.gates.weight"),
    ],
)
def test_a_name_that_no_slot_has_is_refused_with_the_nearest(wrong, meant):
    with pytest.raises(RecipeError, match=f"Did you mean '{meant}'"):
        resolved(WEIGHTS, VECTORS, Rule(wrong, Identity()))


def test_a_name_that_is_like_none_lists_the_slots():
    with pytest.raises(RecipeError, match="The slots are layers.0.update.gates.weight"):
        resolved(WEIGHTS, VECTORS, Rule("zzz", Identity()))


def test_a_role_that_a_model_does_not_use_does_no_harm():
    assert len(resolved(WEIGHTS, VECTORS, Rule(Role.QUERY_KEY, Uniform(8)))) == len(SLOTS)


def test_a_spec_that_does_not_fit_is_refused_by_name():
    with pytest.raises(RecipeError, match="recipe 'trial', rule for role 'scalar-weight'.*does not fit slot"):
        resolved(Rule(Role.SCALAR_WEIGHT, Polar(8, Octahedral(8))), VECTORS)


def test_rules_can_be_replaced_and_added():
    recipe = Recipe("trial", (WEIGHTS, VECTORS))
    finer = Rule(Role.SCALAR_WEIGHT, Uniform(8, per="channel"))
    more = recipe.with_rules(finer, Rule("readout.hidden.weight", Identity())).resolve(SLOTS)
    assert more["layers.0.update.gates.weight"] is finer
    assert more["readout.hidden.weight"].spec == Identity()
    assert recipe.rules == (WEIGHTS, VECTORS)


@pytest.mark.parametrize("epoch", [-1, 1.5, True, "2"])
def test_an_epoch_must_be_a_number_from_zero(epoch):
    with pytest.raises(RecipeError, match="from_epoch is"):
        Rule(Role.SCALAR_WEIGHT, Identity(), from_epoch=epoch)


def test_plain_data_and_back():
    named = Rule("readout.hidden.weight", Identity(), Percentile(99.5), 2)
    recipe = Recipe("trial", (WEIGHTS, VECTORS, named), "all kinds")
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


TOML = """
name = "mine"
description = "eight bits"

[[rules]]
role = "scalar-weight"
spec = { kind = "uniform", bits = 8, per = "channel" }

[[rules]]
slot = "layers.*.update.mix1.input"
spec = { kind = "polar", bits = 8, directions = { kind = "octahedral", bits = 16 } }
calibrate = { kind = "percentile", percent = 99.9 }
from_epoch = 5
"""


def test_a_recipe_from_a_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TOML)
    recipe = Recipe.from_toml(path)
    assert (recipe.name, recipe.description) == ("mine", "eight bits")
    assert recipe.rules[0] == Rule(Role.SCALAR_WEIGHT, Uniform(8, per="channel"), AbsMax())
    assert recipe.rules[1].from_epoch == 5
    assert recipe.rules[1].spec == Polar(8, Octahedral(16))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("name = ", "nmae = ", "unknown key 'nmae'. Did you mean 'name'"),
        ('name = "mine"', "", "has name None"),
        ("role =", "rule =", "rule 1 has an unknown key 'rule'. Did you mean 'role'"),
        ('"scalar-weight"', '"scalar-wieght"', "Did you mean 'scalar-weight'"),
        (
            'role = "scalar-weight"',
            'role = "scalar-weight"\nslot = "a"',
            "needs a key 'role', 'tag' or both, or a key 'slot'",
        ),
        ('slot = "layers.*.update.mix1.input"', "slot = 3", "rule 2 has slot 3"),
        ('spec = { kind = "uniform", bits = 8, per = "channel" }', "", "rule 1 lacks a spec"),
        ("bits = 8, per", "bits = 80, per", "bits is 80"),
        ('kind = "percentile"', 'kind = "percentil"', "Did you mean 'percentile'"),
        ("[[rules]]", "[[rules]", "is not TOML"),
    ],
)
def test_a_mistake_in_a_file_is_named(tmp_path, before, after, said):
    assert before in TOML
    path = tmp_path / "mine.toml"
    path.write_text(TOML.replace(before, after))
    with pytest.raises(RecipeError, match=said):
        Recipe.from_toml(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RecipeError, match="absent.toml cannot be read"):
        Recipe.from_toml(tmp_path / "absent.toml")


@pytest.mark.parametrize("data", [[], {"name": "a", "rules": []}, {"name": "a", "rules": "w8"}])
def test_data_that_is_no_recipe_is_refused(data):
    with pytest.raises(RecipeError, match="recipe"):
        Recipe.from_dict(data)


def test_protection_is_two_chances_and_survives_a_file():
    rule = Rule(Role.SCALAR_FEATURE, Uniform(8), protect=(0.0, 0.1))
    recipe = Recipe("mine", (rule, Rule(Role.VECTOR_FEATURE, Uniform(8))))
    written = recipe.to_dict()
    assert Recipe.from_dict(written) == recipe
    assert ["protect" in r for r in written["rules"]] == [True, False]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([0.2, 0.1], "expected 0 ≤ low ≤ high ≤ 1"),
        ([0.0, 1.5], "expected 0 ≤ low ≤ high ≤ 1"),
        ([0.1], "expected two probabilities"),
        ("much", "expected two probabilities"),
        ([True, True], "expected two probabilities"),
    ],
)
def test_chances_that_are_none_are_refused(given, said):
    rule = {"role": "scalar-feature", "spec": {"kind": "uniform", "bits": 8}, "protect": given}
    with pytest.raises(RecipeError, match=said):
        Recipe.from_dict({"name": "mine", "rules": [rule]})
