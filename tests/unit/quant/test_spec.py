from __future__ import annotations

import pytest

from gaq.errors import RecipeError
from gaq.quant.direction_spec import Component, Fibonacci, Icosahedral, KMeans, Octahedral
from gaq.quant.methods.dorefa import Squashed
from gaq.quant.methods.pact import LearnedRange
from gaq.quant.slot import Role, Slot
from gaq.quant.slot_checks import check_fit
from gaq.quant.spec import Framed, Identity, Polar, Uniform, bits_of, framed, group_length, integer_product
from gaq.quant.stored_spec import spec_from_dict, spec_to_dict
from gaq.quant.wrappers import Learned

WEIGHT = Slot("readout.hidden.weight", Role.SCALAR_WEIGHT, (64, 48))
SCALARS = Slot("readout.hidden.input", Role.SCALAR_FEATURE, (None, 48))
VECTORS = Slot("layers.0.update.mix1.input", Role.VECTOR_FEATURE, (None, 3, 64), degree=1)


@pytest.mark.parametrize(("bits", "high"), [(2, 1), (4, 7), (8, 127), (16, 32767)])
def test_ranges_are_symmetric(bits, high):
    assert Uniform(bits).high == high
    assert Component(bits).high == high
    assert Polar(bits, Fibonacci(8)).high == 2 * high + 1, "magnitudes have no sign"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Uniform(1), "bits is 1; expected an integer from 2 to 16"),
        (lambda: Uniform(17), "bits is 17"),
        (lambda: Uniform(8.0), "bits is 8.0"),
        (lambda: Uniform(True), "bits is True"),
        (lambda: Uniform(8, per="column"), "per is 'column'; expected one of tensor, channel, group, row"),
        (lambda: Uniform(8, per="group"), "go together"),
        (lambda: Uniform(8, group=32), "go together"),
        (lambda: Uniform(8, per="group", group=0), "group is 0"),
        (lambda: Learned(Uniform(8, per="row")), "cannot be learned"),
        (lambda: LearnedRange(Uniform(8, per="atom")), "cannot be learned"),
        (lambda: LearnedRange(Learned(Uniform(8))), "exclude each other"),
        (lambda: KMeans(6, decay=1.0), "decay is 1.0; expected a number from 0 on and below 1"),
        (
            lambda: Polar(8, Fibonacci(8), gradient="soft"),
            "gradient is 'soft'; expected geometric or plain or rotation",
        ),
        (lambda: Polar(8, Fibonacci(8), commitment=-1), "commitment is -1; expected a number from 0 on"),
        (lambda: Framed(Identity()), "expected a uniform quantizer"),
        (lambda: Octahedral(9), "even number of bits"),
        (lambda: Icosahedral(3), "from 4 to 16"),
        (lambda: KMeans(13), "from 2 to 12"),
        (
            lambda: Polar(8, Uniform(8)),
            "expected one of Fibonacci, Icosahedral, Octahedral, KMeans, Component",
        ),
        (lambda: Polar(8, Fibonacci(8), magnitude="cubic"), "magnitude is 'cubic'; expected linear or log"),
        (lambda: Polar(8, Fibonacci(8), per="row"), "per is 'row'; expected tensor or atom"),
        (lambda: Polar(8, Fibonacci(8), gradient="none"), "expected geometric or plain"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(make, said):
    with pytest.raises(RecipeError, match=said):
        make()


@pytest.mark.parametrize(
    ("spec", "slot", "said"),
    [
        (
            Polar(8, Fibonacci(8)),
            WEIGHT,
            "'readout.hidden.weight' \\(role scalar-weight\\): it is for vectors",
        ),
        (Framed(Uniform(8)), WEIGHT, "it is for vectors"),
        (Uniform(8, per="row"), WEIGHT, "one step per tensor, channel or group"),
        (LearnedRange(Uniform(8)), WEIGHT, "a learned range is for features"),
        (Squashed(Uniform(8, per="group", group=8)), WEIGHT, "Squashed knows steps per tensor and channel"),
        (Uniform(8, per="channel"), SCALARS, "one step per tensor, row, atom or vector"),
        (Uniform(8, per="vector"), SCALARS, "a step per vector needs vectors"),
        (Framed(Uniform(8)), SCALARS, "it is for vectors"),
        (Polar(8, Fibonacci(8)), SCALARS, "it is for vectors"),
    ],
)
def test_a_spec_that_does_not_fit_its_slot_is_refused(spec, slot, said):
    with pytest.raises(RecipeError, match=said):
        check_fit(spec, slot)


def test_specs_that_fit_are_let_through():
    for spec in (Identity(), Uniform(4, per="group", group=16), Uniform(8), Uniform(8, per="channel")):
        check_fit(spec, WEIGHT)
    for spec in (Identity(), Uniform(8), Uniform(8, per="row"), Uniform(8, per="vector"), Framed(Uniform(8))):
        check_fit(spec, VECTORS)


def test_what_multiplies_as_integers():
    yes = [Uniform(8), Uniform(8, per="row"), Uniform(4, per="group", group=4), Framed(Uniform(8))]
    no = [Identity(), Uniform(8, per="vector"), Polar(8, Fibonacci(8)), Framed(Uniform(8, per="vector"))]
    assert [integer_product(spec) for spec in yes + no] == [True] * 4 + [False] * 4


def test_bits():
    specs = [Identity(), Uniform(4), Framed(Uniform(8)), Polar(8, Octahedral(16)), Polar(8, Component(8))]
    assert [bits_of(spec) for spec in specs] == [32, 4, 8, 24, 32]


def test_only_framed_wants_a_frame():
    assert framed(Framed(Uniform(8)))
    assert not framed(Uniform(8))


def test_degrees_above_one_have_components():
    polar = Polar(8, Fibonacci(12))
    assert polar.direction_code(1) == Fibonacci(12)
    assert polar.direction_code(2) == Component(8)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("uniform", "expected a table with a key 'kind'"),
        ({"bits": 8}, "expected a table with a key 'kind'"),
        ({"kind": "unifrom", "bits": 8}, "Did you mean 'uniform'"),
        ({"kind": "uniform", "bit": 8}, "Did you mean 'bits'"),
        ({"kind": "uniform"}, "lacks bits"),
        ({"kind": "fibonacci", "bits": 8}, "expected one of Identity, Uniform, Framed, Polar"),
        ({"kind": "framed", "inner": {"kind": "uniform", "bits": "8"}}, "bits is '8'"),
    ],
)
def test_data_that_is_no_spec_is_refused(data, said):
    with pytest.raises(RecipeError, match=said):
        spec_from_dict(data)


def test_the_names_in_files():
    assert spec_to_dict(Polar(8, KMeans(6, seed=3)))["directions"] == {
        "kind": "kmeans",
        "bits": 6,
        "seed": 3,
        "decay": 0.0,
    }
    assert spec_to_dict(Identity()) == {"kind": "identity"}


@pytest.mark.parametrize(("group", "inputs", "length"), [(32, 64, 32), (32, 48, 24), (32, 8, 8), (4, 7, 1), (5, 10, 5)])
def test_a_group_is_the_largest_divisor_that_is_not_longer(group, inputs, length):
    assert group_length(group, inputs) == length
