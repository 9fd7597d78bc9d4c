"""What a packed file says of the scheme in each slot is what the quantizer there does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gaq.errors import RecipeError
from gaq.pack.slots import array_of, packed_slots, scheme_of
from gaq.quant.direction_spec import Component, Fibonacci, Icosahedral, KMeans, Octahedral
from gaq.quant.observe import AbsMax, UnitRange
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot
from gaq.quant.spec import Framed, Identity, Polar, Spec, Uniform
from gaq.quant.wrappers import Centred, Compensated, Learned

SCALAR = Slot("s.input", Role.SCALAR_FEATURE, (None, 8))
VECTOR = Slot("v.input", Role.VECTOR_FEATURE, (None, 3, 8), 1)
SECOND = Slot("w.input", Role.VECTOR_FEATURE, (None, 5, 8), 2)
WEIGHT = Slot("s.weight", Role.SCALAR_WEIGHT, (4, 8))


def calibrated(slot: Slot, spec: Spec, seed: int = 0) -> Quantizer:
    quantizer = Quantizer(slot)
    quantizer.install(spec, AbsMax())
    shape = tuple(200 if size is None else size for size in slot.shape)
    quantizer.observing = True
    quantizer(torch.randn(shape, generator=torch.Generator().manual_seed(seed)))
    quantizer.finish_calibration()
    return quantizer


def packed(slot: Slot, spec: Spec) -> tuple[dict[str, object], dict[str, np.ndarray]]:
    schemes, arrays = packed_slots([calibrated(slot, spec)])
    return schemes[slot.name], arrays


def polar(directions: str, bits: int, **changes: object) -> dict[str, object]:
    scheme = {"kind": "polar", "bits": 8, "per": "tensor", "magnitude": "linear", "gradient": "geometric"}
    return scheme | {"directions": directions, "direction_bits": bits} | changes


@pytest.mark.parametrize(
    ("slot", "spec", "scheme", "names"),
    [
        (SCALAR, Identity(), {"kind": "identity"}, set()),
        (
            SCALAR,
            Uniform(8),
            {"kind": "uniform", "bits": 8, "per": "tensor", "framed": False},
            {"step", "inverse_step"},
        ),
        (SCALAR, Uniform(16, "row"), {"kind": "uniform", "bits": 16, "per": "row", "framed": False}, set()),
        (VECTOR, Framed(Uniform(8, "row")), {"kind": "uniform", "bits": 8, "per": "row", "framed": True}, set()),
        (
            SCALAR,
            Centred(Uniform(8, "row")),
            {"kind": "uniform", "bits": 8, "per": "row", "framed": False, "centred": True},
            {"centre.codes", "centre.scale"},
        ),
        (
            SCALAR,
            Centred(Compensated(Uniform(8, "row"), 3)),
            {"kind": "uniform", "bits": 8, "per": "row", "framed": False, "centred": True, "principal": 3},
            {"centre.codes", "centre.scale", "principal.codes", "principal.scale"},
        ),
        (
            VECTOR,
            Framed(Compensated(Uniform(8, "row"), 2)),
            {"kind": "uniform", "bits": 8, "per": "row", "framed": True, "principal": 2},
            {"principal.codes", "principal.scale"},
        ),
        (VECTOR, Uniform(8, "vector"), {"kind": "uniform", "bits": 8, "per": "vector", "framed": False}, set()),
        (WEIGHT, Uniform(4, "channel"), {"kind": "uniform", "bits": 4, "per": "channel"}, set()),
        (VECTOR, Polar(8, Octahedral(16)), polar("octahedral", 16), {"step", "inverse_step"}),
        (VECTOR, Polar(8, Component(6), per="atom"), polar("component", 6, per="atom"), set()),
        (
            VECTOR,
            Polar(8, Component(6), magnitude="log", gradient="plain"),
            polar("component", 6, magnitude="log", gradient="plain"),
            {"step", "inverse_step", "levels", "thresholds"},
        ),
        (SECOND, Polar(8, Octahedral(16)), polar("component", 8), {"step", "inverse_step"}),
        (VECTOR, Polar(8, KMeans(3)), polar("codebook", 3), {"step", "inverse_step", "points", "cells"}),
    ],
)
def test_schemes_and_their_arrays(slot, spec, scheme, names):
    said, arrays = packed(slot, spec)
    assert said == scheme
    assert set(arrays) == {f"{slot.name}.{name}" for name in names}


@pytest.mark.parametrize(
    ("code", "kind", "count"), [(Fibonacci(5), "fibonacci", 32), (Icosahedral(6), "icosahedral", 42)]
)
def test_fixed_codebooks_are_stored_once(code, kind, count):
    other = Slot("u.input", Role.VECTOR_FEATURE, (None, 3, 8), 1)
    schemes, arrays = packed_slots([calibrated(VECTOR, Polar(8, code)), calibrated(other, Polar(8, code))])
    book = f"codebook.{kind}.{code.bits}"
    assert [schemes[name]["book"] for name in ("v.input", "u.input")] == [book, book]
    assert arrays[f"{book}.points"].shape == (count, 3)
    assert arrays[f"{book}.cells"].dtype == np.int32
    assert len(arrays) == 6


@pytest.mark.parametrize(("bits", "stored"), [(8, True), (10, False)])
def test_small_octahedral_grids_are_stored(bits, stored):
    _, arrays = packed(VECTOR, Polar(8, Octahedral(bits)))
    assert (f"octahedral.{bits}.points" in arrays) == stored


def test_a_fixed_step_and_its_inverse_are_those_in_use():
    quantizer = calibrated(SCALAR, Uniform(8))
    _, arrays = packed_slots([quantizer])
    step, inverse = arrays["s.input.step"], arrays["s.input.inverse_step"]
    assert step.shape == inverse.shape == (1,)
    assert step[0] == quantizer.calibrated.step.item()
    assert inverse[0] == np.float32(1) / step[0] == quantizer.calibrated.inverse_step.item()


def test_a_learned_step_of_features_is_the_product_in_use():
    quantizer = calibrated(SCALAR, Learned(Uniform(8)))
    with torch.no_grad():
        quantizer.calibrated.factor.fill_(1.3)
    _, arrays = packed_slots([quantizer])
    x = torch.linspace(-3, 3, 1001)
    used = quantizer(x)
    assert arrays["s.input.step"][0] == used.scale.item()
    codes = np.clip(np.round(x.numpy() * arrays["s.input.inverse_step"][0]), -127, 127)
    np.testing.assert_array_equal(codes, used.codes.numpy())


def test_queries_have_the_step_of_unit_vectors():
    quantizer = Quantizer(Slot("a.query", Role.QUERY_KEY, (None, 2, 4)))
    quantizer.install(Uniform(16), UnitRange())
    schemes, arrays = packed_slots([quantizer])
    assert schemes["a.query"] == {"kind": "uniform", "bits": 16, "per": "tensor", "framed": False}
    assert arrays["a.query.step"][0] == np.float32(1 / 32767)


@pytest.mark.parametrize("spoil", ["never calibrated", "not yet active"])
def test_a_slot_that_is_not_ready_is_refused(spoil):
    quantizer = calibrated(SCALAR, Uniform(8))
    if spoil == "not yet active":
        quantizer.active = False
    else:
        quantizer.install(Uniform(8), AbsMax())
    with pytest.raises(RecipeError, match=r"slot 's.input' holds Uniform.*not calibrated or not yet active"):
        packed_slots([quantizer])


def test_a_scheme_with_groups_is_said_as_it_is():
    assert scheme_of(Uniform(4, "group", 4), WEIGHT) == {"kind": "uniform", "bits": 4, "per": "group"}


def test_arrays_are_copies():
    tensor = torch.zeros(3)
    array = array_of(tensor)
    tensor += 1
    assert array.tolist() == [0, 0, 0]
    assert array_of(torch.tensor(2.0)).shape == (1,)
