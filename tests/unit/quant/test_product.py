from __future__ import annotations

import pytest
import torch

from gaq.errors import RecipeError
from gaq.quant.observe import AbsMax
from gaq.quant.product import exact_type, multiply
from gaq.quant.quantized import Quantized
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot
from gaq.quant.spec import Identity, Uniform


def quantized(role, spec, tensor):
    quantizer = Quantizer(Slot("here", role, tuple(tensor.shape)))
    quantizer.install(spec, AbsMax())
    quantizer.observing = True
    quantizer(tensor)
    quantizer.finish_calibration()
    return quantizer(tensor)


@pytest.fixture
def numbers(seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(5, 3, 64, generator=generator), torch.randn(10, 64, generator=generator)


FEATURES = [Identity(), Uniform(8), Uniform(8, per="row"), Uniform(16, per="row"), Uniform(8, per="vector")]
WEIGHTS = [Identity(), Uniform(8), Uniform(4, per="channel"), Uniform(4, per="group", group=16), Uniform(16)]


@pytest.mark.parametrize("for_x", FEATURES)
@pytest.mark.parametrize("for_w", WEIGHTS)
def test_products_are_those_of_the_values_to_rounding(for_x, for_w, numbers):
    x, w = (t.double() for t in numbers)
    x, w = quantized(Role.VECTOR_FEATURE, for_x, x), quantized(Role.VECTOR_WEIGHT, for_w, w)
    torch.testing.assert_close(multiply(x, w), x.value @ w.value.t(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("for_x", FEATURES)
@pytest.mark.parametrize("for_w", WEIGHTS)
def test_gradients_are_those_of_the_product_of_the_values(for_x, for_w, numbers):
    x, w = (t.double().requires_grad_() for t in numbers)
    arriving = torch.ones(5, 3, 10, dtype=torch.float64) * torch.linspace(-1, 1, 10)

    def derivatives(product):
        out = product(quantized(Role.VECTOR_FEATURE, for_x, x), quantized(Role.VECTOR_WEIGHT, for_w, w))
        first = torch.autograd.grad((out * arriving).square().sum(), (x, w), create_graph=True)
        second = torch.autograd.grad(sum(g.square().sum() for g in first), (x, w))
        return (*first, *second)

    ours = derivatives(multiply)
    plain = derivatives(lambda a, b: a.value @ b.value.t())
    for found, expected in zip(ours, plain, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("bits", "for_w"), [(8, 8), (8, 4), (16, 4), (16, 16)])
def test_the_order_of_summation_does_not_matter(bits, for_w, numbers):
    x = quantized(Role.VECTOR_FEATURE, Uniform(bits, per="row"), numbers[0])
    w = quantized(Role.VECTOR_WEIGHT, Uniform(for_w, per="channel"), numbers[1])
    order = torch.randperm(64, generator=torch.Generator().manual_seed(0))
    shuffled_x = Quantized(x.value[..., order], x.codes[..., order], x.scale, x.high)
    shuffled_w = Quantized(w.value[..., order], w.codes[..., order], w.scale, w.high)
    assert torch.equal(multiply(x, w), multiply(shuffled_x, shuffled_w))
    total = (x.codes.long()[:, :, None] * w.codes.long()).sum(-1)
    assert torch.equal(multiply(x, w), total.float() * (x.scale * w.scale.reshape(-1)))


def test_the_product_of_values_does_depend_on_the_order(numbers):
    x, w = numbers
    order = torch.randperm(64, generator=torch.Generator().manual_seed(0))
    assert not torch.equal(x @ w.t(), x[..., order] @ w[..., order].t())


def test_weight_codes_multiply_float_features_before_the_scale(numbers):
    w = quantized(Role.VECTOR_WEIGHT, Uniform(4, per="channel"), numbers[1])
    expected = (numbers[0] @ w.codes.t()) * w.scale.reshape(-1)
    assert torch.equal(multiply(Quantized(numbers[0]), w), expected)


def test_the_type_follows_the_largest_total():
    assert exact_type(127, 127, 1040, "x") == torch.float32
    assert exact_type(127, 127, 1041, "x") == torch.float64
    assert exact_type(32767, 7, 64, "x") == torch.float32
    assert exact_type(32767, 7, 192, "x") == torch.float64
    with pytest.raises(RecipeError, match="layer 3: a sum of 16777216 products.*beyond 2\\^53; take fewer bits"):
        exact_type(32767, 32767, 2**24, "layer 3")
