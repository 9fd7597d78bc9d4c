"""What each method of others changes, by its source."""

from __future__ import annotations

import pytest

from gaq.quant.direction_spec import KMeans
from gaq.quant.methods import PRESETS
from gaq.quant.methods.degree_quant import degree_quant
from gaq.quant.methods.dorefa import Squashed
from gaq.quant.methods.pact import LearnedRange
from gaq.quant.observe import MeanMagnitude, Percentile
from gaq.quant.slot import VECTORS, WEIGHTS, Role
from gaq.quant.spec import Identity, Polar, Uniform, framed, has
from gaq.quant.wrappers import Learned
from unit.quant.test_presets import MODELS, specs


def rules(name):
    return PRESETS[name]().resolve(MODELS[1])


@pytest.mark.parametrize("name", PRESETS)
def test_a_source_is_cited(name):
    assert "Source: " in (PRESETS[name].__doc__ or "") or "As " in (PRESETS[name].__doc__ or "")


@pytest.mark.parametrize("name", ["lsq-w8a8", "lsq-w4a8"])
def test_lsq_learns_every_step_from_the_mean_magnitude(name):
    found = rules(name)
    for slot in MODELS[1]:
        if slot.role in WEIGHTS or slot.role in (Role.SCALAR_FEATURE, Role.VECTOR_FEATURE):
            assert has(found[slot.name].spec, Learned)
            assert found[slot.name].calibrate == MeanMagnitude()
    assert found["readout.energy.weight"].spec.code_bits == 8


def test_pact_learns_ranges_and_dorefa_bends_weights():
    assert specs(PRESETS["pact"]())["layers.0.update.hidden.input"] == LearnedRange(Uniform(8))
    weight = {name: specs(PRESETS[name]())["layers.0.update.hidden.weight"] for name in ("pact", "dorefa")}
    assert weight == {"pact": Uniform(8), "dorefa": Squashed(Uniform(8))}


@pytest.mark.parametrize(("bits", "chances"), [(8, (0.0, 0.1)), (4, (0.1, 0.2))])
def test_degree_quant_protects_inputs_and_nothing_else(bits, chances):
    recipe = degree_quant(bits)
    assert recipe.name == ("degree-quant" if bits == 8 else "degree-quant-w4a4")
    for slot in MODELS[1]:
        rule = recipe.resolve(MODELS[1])[slot.name]
        inputs = slot.role in (Role.SCALAR_FEATURE, Role.VECTOR_FEATURE)
        assert rule.protect == (chances if inputs else (0.0, 0.0))
        assert not inputs or rule.calibrate == Percentile(99.9)


def test_svq_is_a_codebook_with_and_without_a_gradient():
    hard, ste = (specs(PRESETS[name]())["layers.1.update.mix1.input"] for name in ("svq-kmeans", "svq-kmeans-ste"))
    assert hard == Polar(8, KMeans(8), gradient="hard")
    assert (ste.gradient, ste.directions.decay, ste.commitment > 0) == ("plain", 0.99, True)


@pytest.mark.parametrize("name", PRESETS)
def test_messages_and_the_rest_of_vectors_are_left_alone(name):
    found = specs(PRESETS[name]())
    assert all(found[s.name] == Identity() for s in MODELS[1] if s.role in VECTORS and "message" in s.name)
    assert name == "hadamard-w4a8" or not any(framed(spec) for spec in found.values())
