from __future__ import annotations

import pytest

from gaq.quant.direction_spec import Fibonacci, Octahedral
from gaq.quant.presets import all_presets, frame_w4a8, gaq_w4a8, w4
from gaq.quant.quantizer import Quantizer
from gaq.quant.recipe import Recipe
from gaq.quant.slot import AGGREGATED_MESSAGES, READOUT, VECTORS, WEIGHTS, Role, Slot
from gaq.quant.spec import Framed, Identity, Polar, Uniform, bits_of, framed
from gaq.quant.wrappers import Centred, Compensated, Learned

READOUT_INPUTS = ("readout.hidden.input", "readout.energy.input")
READOUT_WEIGHTS = ("readout.hidden.weight", "readout.energy.weight")


def linear(name, outputs, inputs, degree=0, tags=()):
    feature, weight = Role.SCALAR_FEATURE, Role.SCALAR_WEIGHT
    shape: tuple[int | None, ...] = (None, inputs)
    if degree:
        feature, weight = Role.VECTOR_FEATURE, Role.VECTOR_WEIGHT
        shape = (None, 2 * degree + 1, inputs)
    return [
        Slot(f"{name}.input", feature, shape, degree, tags=tags),
        Slot(f"{name}.weight", weight, (outputs, inputs), degree, tags=tags),
    ]


def slots_of_a_model(degrees, layers=2):
    slots = []
    for i in range(layers):
        at = f"layers.{i}"
        slots += linear(f"{at}.attention.project", 256, 64)
        slots += [Slot(f"{at}.attention.{name}", Role.QUERY_KEY, (None, 4, 16)) for name in ("query", "key")]
        slots.append(Slot(f"{at}.message.scalar", Role.SCALAR_MESSAGE, (None, 64)))
        for degree in range(1, degrees + 1):
            shape = (None, 2 * degree + 1, 64)
            slots.append(Slot(f"{at}.message.vector.l{degree}", Role.VECTOR_MESSAGE, shape, degree))
            slots += linear(f"{at}.update.mix{degree}", 128, 64, degree, (AGGREGATED_MESSAGES,))
        slots += linear(f"{at}.attention.output", 64, 64, tags=(AGGREGATED_MESSAGES,))
        slots += linear(f"{at}.update.hidden", 64, 192) + linear(f"{at}.update.gates", 128, 64)
    return slots + linear("readout.hidden", 64, 64, tags=(READOUT,)) + linear("readout.energy", 1, 64, tags=(READOUT,))


MODELS = {degrees: slots_of_a_model(degrees) for degrees in (1, 2, 3)}

every_preset = pytest.mark.parametrize("preset", list(all_presets().values()), ids=list(all_presets()))


def specs(recipe, degrees=1):
    return {name: rule.spec for name, rule in recipe.resolve(MODELS[degrees]).items()}


def bits_by_role(recipe):
    """The bits in use in each role, aside from the readout and the weight that reads sums of scalars."""
    found = specs(recipe)
    kept = [s for s in MODELS[1] if "readout" not in s.name and not s.name.endswith("attention.output.weight")]
    return {role: {bits_of(found[s.name]) for s in kept if s.role is role} for role in Role}


@pytest.mark.parametrize("name", ["mixed-w4a8", "mixed-w4a16"])
def test_weights_that_read_what_neighbours_sent_are_finer(name):
    found = specs(all_presets()[name]())
    finer = {s.name for s in MODELS[1] if s.role in WEIGHTS and bits_of(found[s.name]) == 8}
    readers = {f"layers.{i}.{layer}.weight" for i in (0, 1) for layer in ("attention.output", "update.mix1")}
    assert finer == readers | set(READOUT_WEIGHTS)


@every_preset
@pytest.mark.parametrize("degrees", [1, 2, 3])
def test_every_preset_fits_every_model(preset, degrees):
    rules = preset().resolve(MODELS[degrees])
    for slot in MODELS[degrees]:
        quantizer = Quantizer(slot)
        quantizer.install(rules[slot.name].spec, rules[slot.name].calibrate)


@every_preset
def test_every_preset_has_its_name_and_survives_a_file(preset):
    recipe = preset()
    assert all_presets()[recipe.name] is preset
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    assert preset.__doc__


@every_preset
def test_messages_stay_float(preset):
    found = specs(preset())
    assert all(found[s.name] == Identity() for s in MODELS[1] if "message" in s.name)


BITS = [
    ("fp32", 32, 32, 32, 32),
    ("naive-int8", 8, 8, 8, 8),
    ("int8-per-vector", 8, 8, 8, 16),
    ("gaq-w8a8", 8, 8, 8, 16),
    ("gaq-w4a8", 8, 4, 8, 16),
    ("frame-w8a8", 8, 8, 8, 16),
    ("frame-w4a8", 4, 4, 8, 16),
    ("gaq-w8a8-component", 8, 8, 8, 16),
    ("gaq-w4a8-rotation", 8, 4, 8, 16),
    ("lsq-w8a8", 8, 8, 8, 16),
    ("lsq-w4a8", 4, 4, 8, 16),
    ("pact", 8, 8, 8, 16),
    ("dorefa", 8, 8, 8, 16),
    ("degree-quant", 8, 8, 8, 16),
    ("svq-kmeans", 8, 8, 8, 16),
    ("svq-kmeans-ste", 8, 8, 8, 16),
    ("hadamard-w4a8", 4, 4, 8, 16),
    ("smoothquant", 8, 8, 8, 16),
    ("zeroquant", 4, 4, 8, 16),
    ("gptq-w8", 8, 8, 32, 32),
    ("gptq-w4", 4, 4, 32, 32),
    ("awq-w4", 4, 4, 32, 32),
    ("adaround-w4", 4, 4, 32, 32),
    ("qdrop", 4, 4, 8, 16),
    ("w8", 8, 8, 32, 32),
    ("w4", 4, 4, 32, 32),
    ("w4a16", 4, 4, 16, 16),
    ("mixed-w4a8", 4, 8, 8, 16),
    ("mixed-w4a16", 4, 8, 16, 16),
]


@pytest.mark.parametrize(("name", "scalar_weight", "vector_weight", "scalars", "queries"), BITS)
def test_bits_of_the_presets(name, scalar_weight, vector_weight, scalars, queries):
    bits = bits_by_role(all_presets()[name]())
    assert bits[Role.SCALAR_WEIGHT] == {scalar_weight}
    assert bits[Role.VECTOR_WEIGHT] == {vector_weight}
    assert bits[Role.SCALAR_FEATURE] == {scalars}
    assert bits[Role.QUERY_KEY] == {queries}


def test_all_presets_are_in_the_table_above():
    assert sorted(all_presets()) == sorted(row[0] for row in BITS)


@pytest.mark.parametrize("name", ["frame-w8a8", "frame-w4a8", "w4a16", "mixed-w4a8", "mixed-w4a16"])
def test_frames_are_wanted_for_vector_features_only(name):
    found = specs(all_presets()[name]())
    assert {s.role for s in MODELS[1] if framed(found[s.name])} == {Role.VECTOR_FEATURE}


@pytest.mark.parametrize("name", ["w8", "w4"])
def test_weight_only_means_weights_only(name):
    found = specs(all_presets()[name]())
    touched = {s.role for s in MODELS[2] if specs(all_presets()[name](), 2)[s.name] != Identity()}
    assert touched == WEIGHTS
    assert found[READOUT_WEIGHTS[0]] == Uniform(8, per="channel")


@pytest.mark.parametrize("name", ["gaq-w8a8", "gaq-w4a8", "frame-w8a8", "frame-w4a8", "w4a16"])
def test_the_readout_gets_its_bits(name):
    found = specs(all_presets()[name]())
    assert {bits_of(found[slot]) for slot in READOUT_INPUTS} == {16}
    assert {bits_of(found[slot]) for slot in READOUT_WEIGHTS} == {8}


@pytest.mark.parametrize("name", ["gaq-w8a8", "gaq-w4a8", "frame-w8a8", "frame-w4a8", "int8-per-vector"])
def test_vectors_wait_for_the_warm_up(name):
    rules = all_presets()[name](warmup=7).resolve(MODELS[2])
    waiting = {s.role for s in MODELS[2] if rules[s.name].from_epoch == 7}
    assert waiting == {Role.VECTOR_FEATURE, Role.VECTOR_WEIGHT}
    assert waiting & VECTORS


def test_an_ablation_is_a_parameter():
    found = specs(gaq_w4a8(directions=Fibonacci(8), gradient="plain"))["layers.0.update.mix1.input"]
    assert found == Polar(8, Fibonacci(8), gradient="plain")
    assert specs(gaq_w4a8())["layers.0.update.mix1.input"] == Polar(8, Octahedral(16))
    assert specs(frame_w4a8())["layers.1.update.mix1.input"] == Framed(Compensated(Uniform(8, per="row"), 4))
    assert specs(frame_w4a8(principal=0))["layers.1.update.mix1.input"] == Framed(Uniform(8, per="row"))
    assert specs(frame_w4a8())["layers.1.update.hidden.input"] == Centred(Compensated(Uniform(8, per="row"), 4))
    assert specs(frame_w4a8(centred=False))["layers.1.update.hidden.input"] == Uniform(8, per="row")
    learned = specs(w4(learn_step=True, group=32))["layers.0.update.hidden.weight"]
    assert learned == Learned(Uniform(4, per="group", group=32))
