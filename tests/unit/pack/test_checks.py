"""What the header of a packed file may say of species, knots and slots."""

from __future__ import annotations

from math import exp

import pytest

from gaq.errors import BadFile
from gaq.pack.checks import check_radial, check_slots
from gaq.pack.layout import numbers_from, slot_names
from tiny import config

NUMBERS = numbers_from(config(degrees=2).model_dump(), "the model")
FLOAT = {"kind": "identity"}
UNIFORM = {"kind": "uniform", "bits": 8, "per": "row", "framed": False}
POLAR = {
    **{"kind": "polar", "bits": 8, "per": "tensor", "magnitude": "linear", "gradient": "geometric"},
    **{"directions": "octahedral", "direction_bits": 16},
}
RADIAL = {"knots": 160, "decay": 1.0, "low": exp(-5.0), "high": 1.0}
SCALAR, VECTOR, SECOND = "layers.0.update.hidden.input", "layers.0.update.mix1.input", "layers.0.update.mix2.input"
WEIGHT, MESSAGE = "readout.hidden.weight", "layers.1.message.vector.l1"


def slots(**changes: object) -> dict[str, object]:
    return dict.fromkeys(slot_names(NUMBERS), FLOAT) | changes


@pytest.mark.parametrize(
    ("slot", "scheme"),
    [
        (SCALAR, UNIFORM),
        (SCALAR, UNIFORM | {"per": "atom", "bits": 16}),
        (VECTOR, UNIFORM | {"framed": True}),
        (VECTOR, UNIFORM | {"per": "vector"}),
        (VECTOR, POLAR),
        (VECTOR, POLAR | {"directions": "codebook", "direction_bits": 5, "book": "codebook.fibonacci.5"}),
        (VECTOR, POLAR | {"directions": "codebook", "direction_bits": 5}),
        (SECOND, POLAR | {"directions": "component", "magnitude": "log", "per": "atom", "gradient": "plain"}),
        (WEIGHT, {"kind": "uniform", "bits": 4, "per": "channel"}),
        ("layers.1.attention.query", UNIFORM | {"bits": 16, "per": "tensor"}),
    ],
)
def test_known_schemes_pass(slot, scheme):
    assert check_slots(slots(**{slot: scheme}), NUMBERS, "file")[slot] == scheme


@pytest.mark.parametrize(
    ("slot", "scheme"),
    [
        (SCALAR, None),
        (SCALAR, "identity"),
        (SCALAR, {"kind": "magic"}),
        (SCALAR, FLOAT | {"bits": 8}),
        (SCALAR, UNIFORM | {"bits": 17}),
        (SCALAR, UNIFORM | {"bits": True}),
        (SCALAR, UNIFORM | {"bits": 8.0}),
        (SCALAR, UNIFORM | {"per": "vector"}),
        (SCALAR, UNIFORM | {"per": ["row"]}),
        (SCALAR, UNIFORM | {"framed": True}),
        (SCALAR, UNIFORM | {"framed": 0}),
        (SCALAR, {"kind": "uniform", "bits": 8, "per": "row"}),
        (SCALAR, UNIFORM | {"centred": 1}),
        (SCALAR, UNIFORM | {"centred": True, "per": "atom"}),
        (SCALAR, UNIFORM | {"principal": 4}),
        (VECTOR, UNIFORM | {"principal": 4}),
        (VECTOR, UNIFORM | {"principal": 0, "framed": True}),
        (VECTOR, UNIFORM | {"principal": 17, "framed": True}),
        (VECTOR, UNIFORM | {"principal": 4, "framed": True, "per": "atom"}),
        (VECTOR, UNIFORM | {"centred": True}),
        (SCALAR, POLAR),
        (VECTOR, POLAR | {"direction_bits": 15}),
        (VECTOR, POLAR | {"direction_bits": 2}),
        (VECTOR, POLAR | {"book": "codebook.fibonacci.16"}),
        (VECTOR, POLAR | {"directions": "codebook", "book": 7}),
        (VECTOR, POLAR | {"magnitude": "cubic"}),
        (VECTOR, POLAR | {"bits": 20}),
        (SECOND, POLAR),
        ("layers.1.attention.key", UNIFORM),
        (WEIGHT, {"kind": "uniform", "bits": 9, "per": "channel"}),
        (WEIGHT, {"kind": "uniform", "bits": 4, "per": "group"}),
        (WEIGHT, UNIFORM),
        (MESSAGE, UNIFORM),
    ],
)
def test_unknown_schemes_are_refused(slot, scheme):
    with pytest.raises(BadFile, match=f"slot '{slot}' holds .* which this gaq does not know"):
        check_slots(slots(**{slot: scheme}), NUMBERS, "file")


@pytest.mark.parametrize(
    ("slot", "scheme", "what"),
    [
        (SCALAR, UNIFORM | {"centred": True}, "centred"),
        (SCALAR, UNIFORM | {"centred": True, "principal": 4}, "centred"),
        (VECTOR, UNIFORM | {"framed": True, "principal": 4}, "principal"),
    ],
)
def test_what_is_taken_off_wants_a_weight_of_codes(slot, scheme, what):
    weight = slot.removesuffix(".input") + ".weight"
    codes = {"kind": "uniform", "bits": 4, "per": "channel"}
    assert check_slots(slots(**{slot: scheme, weight: codes}), NUMBERS, "file")[slot] == scheme
    with pytest.raises(BadFile, match=f"slot '{slot}' is {what}, but its weight is float"):
        check_slots(slots(**{slot: scheme}), NUMBERS, "file")


def test_slots_must_be_those_of_the_model():
    with pytest.raises(BadFile, match="have an unknown slot 'layers.7.nowhere'"):
        check_slots(slots(**{"layers.7.nowhere": FLOAT}), NUMBERS, "file")
    lacking = slots()
    del lacking[MESSAGE]
    with pytest.raises(BadFile, match=f"lack '{MESSAGE}'"):
        check_slots(lacking, NUMBERS, "file")
    with pytest.raises(BadFile, match="slots are list"):
        check_slots([], NUMBERS, "file")


def test_a_radial_table_passes():
    assert check_radial(dict(RADIAL), 5.0, "file") == RADIAL
    other = {"knots": 12, "decay": 0.1, "low": exp(-0.5), "high": 1.0}  # nearly equidistant in r
    assert check_radial(dict(other), 5.0, "file") == other


@pytest.mark.parametrize(
    "change",
    [
        {"knots": 3},
        {"knots": 10_000},
        {"knots": 160.0},
        {"decay": 1.1},
        {"decay": 0.0},
        {"decay": -1.0},
        {"decay": 20.0, "low": 1e-43},
        {"decay": "1"},
        {"decay": float("inf")},
        {"decay": float("nan")},
        {"decay": 10**400},
        {"low": 0.1},
        {"low": 0.0},
        {"low": True},
        {"high": 1.5},
        {"high": 0.8},
        {"alpha": 1.0},
        {"more": 1},
    ],
)
def test_a_radial_table_that_does_not_cover_the_distances_is_refused(change):
    with pytest.raises(BadFile, match="radial is .*expected"):
        check_radial(RADIAL | change, 5.0, "file")
