"""What every quantizer promises, run over every spec there is."""

from __future__ import annotations

import json

import torch

from contract.every_spec import (
    ATOMS,
    VECTORS,
    WEIGHT,
    calibrated,
    drawn,
    every_case,
    every_spec,
    observer_for,
    polar_cases,
)
from gaq.quant.direction_spec import DIRECTIONS, Component
from gaq.quant.mddq import PolarCode
from gaq.quant.methods.dorefa import Squashed
from gaq.quant.methods.quarot import Rotated
from gaq.quant.quantizer import Quantizer
from gaq.quant.registry import families
from gaq.quant.scheme import encode_uniform, magnitude
from gaq.quant.spec import Framed, Identity, Polar, bits_of, framed, has, integer_product, uniform_part, wrappers_of
from gaq.quant.stored_spec import spec_from_dict, spec_to_dict
from gaq.quant.wrappers import Centred, Compensated


def polar_codes(quantizer, v):
    return quantizer.calibrated.encode(v, magnitude(v))


def squashed(spec):
    """Weights that are bent are not near what they were; that is the method."""
    return has(spec, Squashed)


def test_every_class_of_spec_has_a_case():
    specs = [case.values[1] for case in every_case()]
    parts = {type(part) for spec in specs for part in (spec, *wrappers_of(spec))}
    assert parts | {Centred, Compensated} == set(families())  # these two have unit tests with species
    assert {type(spec.directions) for spec in specs if isinstance(spec, Polar)} == set(DIRECTIONS)


@every_spec
def test_plain_data_and_back(slot, spec):
    text = json.dumps(spec_to_dict(spec))
    assert spec_from_dict(json.loads(text)) == spec
    assert 2 <= bits_of(spec) <= 32
    assert framed(spec) == isinstance(spec, Framed)


@every_spec
def test_the_value_is_near_and_finite(slot, spec, seed):
    x = drawn(slot, seed)
    value = calibrated(slot, spec)(x).value
    assert value.shape == x.shape
    assert value.dtype == x.dtype
    assert torch.isfinite(value).all()
    if isinstance(spec, Identity):
        assert value is x
    elif squashed(spec):
        assert torch.equal(value.sign()[value != 0], x.sign()[value != 0])
        assert value.abs().max() <= x.abs().max() * 1.000001, "the largest stays the largest"
    elif bits_of(spec) >= 8 and not (isinstance(spec, Polar) and spec.directions.bits < 8):
        inner = x.abs() < x.abs().quantile(0.95)
        assert (value - x)[inner].abs().mean() < 0.25 * x[inner].abs().mean()
    assert torch.isfinite(calibrated(slot, spec)(x * 1e15).value).all()


@every_spec
def test_codes_are_whole_in_range_and_give_the_value(slot, spec, seed):
    quantized = calibrated(slot, spec)(drawn(slot, seed))
    if not integer_product(spec):
        assert quantized.codes is None
        return
    codes, scale = quantized.codes, quantized.scale
    assert quantized.high == uniform_part(spec).high == 2 ** (bits_of(spec) - 1) - 1
    assert torch.equal(codes, codes.round())
    assert codes.abs().max() <= quantized.high
    assert codes.abs().max() >= quantized.high / 4, "the range is used"
    assert torch.equal((codes * scale).reshape(quantized.value.shape), quantized.value)
    assert scale.dim() == 0 or scale.shape[-1] == 1, "the scale is constant along the summed axis"


@every_spec
def test_decoded_values_keep_their_codes(slot, spec, seed):
    quantizer = calibrated(slot, spec)
    x = drawn(slot, seed)
    quantized = quantizer(x)
    if isinstance(quantizer.calibrated, Rotated) and slot is WEIGHT:
        # A step that follows the weight follows the decoded one too: what holds is the scheme behind the rotation.
        quantized = quantizer.calibrated.inner(x @ quantizer.calibrated.mixing)
    if quantized.codes is not None:
        decoded = quantized.codes * quantized.scale
        assert torch.equal(encode_uniform(decoded, 1 / quantized.scale, quantized.high), quantized.codes)
    elif isinstance(spec, Polar) and not isinstance(spec.directions, Component):
        before, after = polar_codes(quantizer, x), polar_codes(quantizer, quantized.value)
        assert torch.equal(before.magnitude, after.magnitude)
        assert torch.equal(before.direction, after.direction)
    else:
        again = quantizer(quantized.value).value
        tolerance = 0.01 if isinstance(spec, Polar) else 1e-6
        torch.testing.assert_close(again, quantized.value, rtol=0, atol=tolerance * float(x.abs().max()))


def test_renormalised_components_do_not_keep_their_codes(seed):
    """Why the test above makes an exception: normalising moves components, now and then past a threshold."""
    quantizer = calibrated(VECTORS, Polar(8, Component(8)))
    x = drawn(VECTORS, seed)
    before, after = polar_codes(quantizer, x), polar_codes(quantizer, quantizer(x).value)
    assert torch.equal(before.magnitude, after.magnitude)
    assert 0 < (before.direction != after.direction).double().mean() < 0.2


@every_spec
def test_the_value_does_not_depend_on_who_watches(slot, spec, seed):
    quantizer = calibrated(slot, spec)
    x = drawn(slot, seed)
    with torch.no_grad():
        plain = quantizer(x).value
    watched = quantizer(x.clone().requires_grad_() * 1.0).value
    assert torch.equal(plain, watched)


@every_spec
def test_a_stored_state_gives_the_same_bits(slot, spec, seed):
    quantizer = calibrated(slot, spec)
    again = Quantizer(slot)
    again.install(spec, observer_for(slot, spec))
    again.load_state_dict(quantizer.state_dict())
    x = drawn(slot, seed)
    assert torch.equal(again(x).value, quantizer(x).value)
    parameters = (t for t in quantizer.state_dict().values() if t.is_floating_point())
    assert all(t.dtype == torch.float32 for t in parameters)


@every_spec
def test_double_precision_follows_the_same_scheme(slot, spec, seed):
    quantizer = calibrated(slot, spec)
    x = drawn(slot, seed)
    narrow, wide = quantizer(x).value, quantizer(x.double()).value
    assert wide.dtype == torch.float64
    # A number within rounding of a threshold may fall on its other side; nearly all do not.
    agree = (narrow - wide).abs() <= 1e-5 * x.abs().max()
    assert agree.double().mean() > 0.99


@every_spec
def test_zero_stays_zero_with_finite_gradients(slot, spec, seed):
    quantizer = calibrated(slot, spec)
    x = drawn(slot, seed)
    x[::2] = 0
    x.requires_grad_()
    value = quantizer(x * 1.0).value
    assert (value[::2] == 0).all()
    (first,) = torch.autograd.grad(value.square().sum(), x, create_graph=True)
    assert torch.isfinite(first).all()
    first.square().sum().backward()
    assert torch.isfinite(x.grad).all()


@every_spec
def test_the_smallest_and_largest_floats_do_no_harm(slot, spec):
    quantizer = calibrated(slot, spec)
    x = torch.full(tuple(ATOMS if size is None else size for size in slot.shape), 1e-44)
    assert (quantizer(x).value.abs() <= 1e-43).all()
    x = x.requires_grad_()
    (gradient,) = torch.autograd.grad(quantizer(x).value.sum(), x)
    assert torch.isfinite(gradient).all()


def test_every_polar_code_is_a_polar_code():
    assert all(isinstance(calibrated(*case.values).calibrated, PolarCode) for case in polar_cases())
