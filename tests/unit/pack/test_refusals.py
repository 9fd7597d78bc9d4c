"""What cannot be packed is refused by name, with a way out."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from gaq.errors import RecipeError
from gaq.pack.export import packed_network
from gaq.pack.refusals import refuse
from gaq.quant.install import install_, preset
from gaq.quant.observe import AbsMax
from gaq.quant.presets import all_presets, w4
from gaq.quant.recipe import Rule
from gaq.quant.slot import Role
from gaq.quant.spec import Spec, Uniform
from gaq.train.checkpoint import as_dtype
from recipes import packable, refused
from tiny import config, nequip, network, painn


def with_rule(where: Role | str, spec: Spec, base: str = "fp32"):
    model = network(config())
    install_(model.quantizers(), preset(base).with_rules(Rule(where, spec, AbsMax())))
    return model


# What packed models have no place for: the reason, as it is told.
NO_PLACE = {
    "gaq-w4a8-rotation": "'layers.0.update.mix1.input' .* packed models have no gradient 'rotation'",
    "hadamard-w4a8": "'layers.0.*' .* packed models do not turn channels at run time",
    "zeroquant": "'layers.0.attention.project.weight' .* none per group of inputs",
    "svq-kmeans": "'layers.0.update.mix1.input' .* packed models have no gradient 'hard'",
}


@pytest.mark.parametrize("recipe", all_presets())
def test_every_preset_is_packed_or_refused_by_name(recipe):
    model = network(config())
    install_(model.quantizers(), preset(recipe))
    if recipe not in NO_PLACE:
        refuse(model)
        return
    with pytest.raises(RecipeError, match=NO_PLACE[recipe]):
        refuse(model)


def test_few_presets_are_refused_and_every_scheme_is_tried_once():
    """What the parity tests rely on."""
    assert set(refused()) == set(NO_PLACE)
    assert {"fp32", "naive-int8", "frame-w4a8", "gaq-w8a8-component", "svq-kmeans-ste"} <= set(packable())
    assert "degree-quant" not in packable(), "the engine sees steps, not how they were found"


@pytest.mark.parametrize(
    ("where", "spec", "sentence"),
    [
        (Role.SCALAR_MESSAGE, Uniform(8), "slot 'layers.0.message.scalar' .* Leave messages as Identity"),
        (Role.SCALAR_WEIGHT, Uniform(4, "group", 4), "project.weight' .* none per group of inputs"),
        ("readout.energy.weight", Uniform(9, "channel"), "'readout.energy.weight' .* at most 8 bits"),
        ("layers.1.attention.key", Uniform(8, "row"), "'layers.1.attention.key' .* have one step"),
    ],
)
def test_what_has_no_place_is_refused(where, spec, sentence):
    with pytest.raises(RecipeError, match=sentence):
        refuse(with_rule(where, spec))


def test_a_network_that_only_pytorch_runs_is_refused():
    with pytest.raises(RecipeError, match="a 'nequip' cannot be packed: only PyTorch runs this network"):
        packed_network(network(nequip()))
    assert packed_network(network(painn())).config["channels"] == 8


def test_vectors_that_painn_sends_have_no_place():
    model = network(painn())
    install_(model.quantizers(), preset("fp32").with_rules(Rule(Role.VECTOR_MESSAGE, Uniform(8, "vector"))))
    with pytest.raises(RecipeError, match="message.vector.l1' .* send messages in float"):
        refuse(model)


def test_groups_of_a_preset_are_refused():
    model = network(config())
    install_(model.quantizers(), replace(w4(group=4), name="grouped"))
    with pytest.raises(RecipeError, match="per='channel'"):
        refuse(model)


def test_double_precision_is_refused():
    with pytest.raises(RecipeError, match=r"the model is torch.float64; a packed model is float32"):
        refuse(as_dtype(network(config()), torch.float64))


def test_sums_that_could_leave_32_bits_are_refused():
    """32767 · 127 · 512 < 2³¹ < 32767 · 127 · 520."""
    for channels, fits in ((512, True), (520, False)):
        model = network(config(channels=channels, layers=1, hidden=4))
        install_(model.quantizers(), preset("w4a16"))
        if fits:
            refuse(model)
            continue
        with pytest.raises(RecipeError, match=r"'readout.hidden': a sum of 520 products .* can exceed 32 bits"):
            refuse(model)
