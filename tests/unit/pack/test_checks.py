"""Keys and types of a packed file: slots, knots, arrays. Meaning: tests/unit/engine/test_packed_file.py."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

from gaq.errors import BadFile
from gaq.formats import container
from gaq.formats.checksum import sealed
from gaq.model.transformer.layout import LAYOUT
from gaq.pack.checks import check_radial, check_slots
from gaq.pack.format import from_bytes
from gaq.quant.install import preset
from packed import file_of, with_array
from tiny import config

NUMBERS = LAYOUT.numbers_from(config(degrees=2).model_dump(exclude={"architecture"}), "the model")
FLOAT = {"kind": "identity"}
UNIFORM = {"kind": "uniform", "bits": 8, "per": "row", "framed": False}
POLAR = {
    **{"kind": "polar", "bits": 8, "per": "tensor", "magnitude": "linear", "gradient": "geometric"},
    **{"directions": "octahedral", "direction_bits": 16},
}
RADIAL = {"knots": 160, "decay": 1.0, "low": exp(-5.0), "high": 1.0}
SCALAR, VECTOR, SECOND = "layers.0.update.hidden.input", "layers.0.update.mix1.input", "layers.0.update.mix2.input"
WEIGHT, MESSAGE = "readout.hidden.weight", "layers.1.message.scalar"


def slots(**changes: object) -> dict[str, object]:
    return dict.fromkeys(LAYOUT.slot_names(NUMBERS), FLOAT) | changes


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
    assert check_slots(slots(**{slot: scheme}), LAYOUT, NUMBERS, "file")[slot] == scheme


@pytest.mark.parametrize(
    "scheme",
    [
        None,
        "identity",
        {"kind": "magic"},
        {"kind": ["uniform"]},
        FLOAT | {"bits": 8},
        UNIFORM | {"bits": True},
        UNIFORM | {"bits": 8.0},
        UNIFORM | {"bits": 2**53},
        UNIFORM | {"bits": -1},
        UNIFORM | {"per": ["row"]},
        UNIFORM | {"centred": 1},
        UNIFORM | {"principal": "4"},
        UNIFORM | {"more": 1},
        {"kind": "uniform", "bits": 8},
        POLAR | {"book": 7},
        POLAR | {"framed": False},
    ],
)
def test_schemes_of_other_keys_or_types_are_refused(scheme):
    with pytest.raises(BadFile, match=f"slot '{SCALAR}' holds .* which this gaq does not know"):
        check_slots(slots(**{SCALAR: scheme}), LAYOUT, NUMBERS, "file")


def test_slots_must_be_those_of_the_model():
    with pytest.raises(BadFile, match="have an unknown slot 'layers.7.nowhere'"):
        check_slots(slots(**{"layers.7.nowhere": FLOAT}), LAYOUT, NUMBERS, "file")
    lacking = slots()
    del lacking[MESSAGE]
    with pytest.raises(BadFile, match=f"lack '{MESSAGE}'"):
        check_slots(lacking, LAYOUT, NUMBERS, "file")
    with pytest.raises(BadFile, match="slots are list"):
        check_slots([], LAYOUT, NUMBERS, "file")


def test_a_radial_table_passes():
    assert check_radial(dict(RADIAL), "file") == RADIAL


@pytest.mark.parametrize(
    "change",
    [{"knots": 160.0}, {"knots": 10**9}, {"decay": "1"}, {"low": True}, {"high": None}, {"alpha": 1.0}],
)
def test_a_radial_table_of_other_keys_or_types_is_refused(change):
    with pytest.raises(BadFile, match="radial is .*expected"):
        check_radial(RADIAL | change, "file")
    with pytest.raises(BadFile, match="radial is .*expected"):
        check_radial({key: value for key, value in RADIAL.items() if key not in change} | {"more": 1}, "file")


@pytest.fixture(scope="module")
def content() -> bytes:
    return file_of(preset("frame-w4a8"))


def nan(array: np.ndarray) -> np.ndarray:
    array.reshape(-1)[0] = np.nan
    return array


@pytest.mark.parametrize(
    ("array", "change", "sentence"),
    [
        ("embedding", lambda a: None, "'embedding' is missing"),
        ("embedding", lambda a: a[:, :3], r"is F32 \[4, 3\]; expected F32 \[4, 8\]"),
        ("embedding", lambda a: a.astype(np.float64), r"is F64 \[4, 8\]; expected F32 \[4, 8\]"),
        ("embedding", lambda a: a.reshape(-1), r"is F32 \[32\]; expected F32 \[4, 8\]"),
        ("embedding", nan, "not finite"),
        ("golden.forces", lambda a: a[:, :0], "expected F64"),
        ("layers.0.update.mix1.input.principal.codes", lambda a: a[1:], r"expected I8 \[16, 8\]"),
    ],
)
def test_a_wrong_array_is_refused_in_words(content, array, change, sentence):
    with pytest.raises(BadFile, match=sentence):
        from_bytes(with_array(content, array, change), "file")


def test_an_array_too_many_is_refused(content):
    parsed = container.parse(content, "file")
    entries, payload = container.payload_of(parsed.tensors | {"more": np.zeros(1)})
    with pytest.raises(BadFile, match="'more' is unknown"):
        from_bytes(sealed(container.to_bytes(parsed.metadata, entries, payload)), "file")
