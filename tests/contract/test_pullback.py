"""The gradient of every quantizer, and the gradient of that gradient, against formulas by hand."""

from __future__ import annotations

import pytest
import torch

from contract.every_spec import WEIGHT, calibrated, drawn, every_spec, polar_cases
from gaq.quant.methods.dorefa import Squashed
from gaq.quant.methods.pact import LearnedRange
from gaq.quant.spec import Identity, Polar, has, uniform_part
from gaq.quant.wrappers import Learned


def expected_pullback(quantizer, x, grad):
    """The gradient by its formula, written out per vector with matrices."""
    spec = quantizer.spec
    uniform = uniform_part(spec)
    follows = uniform is not None and (uniform.dynamic or quantizer.slot is WEIGHT) and not has(spec, Learned)
    if uniform is not None and has(spec, Squashed):
        top = x.abs().amax((0, 1) if uniform.per == "tensor" else -1, keepdim=True)
        return grad * top / torch.tanh(top) / torch.cosh(x) ** 2
    if isinstance(spec, Identity) or follows:
        return grad
    if uniform is not None:
        fitted = quantizer.calibrated
        step = (fitted.start if has(spec, Learned, LearnedRange) else fitted.step).double()
        if quantizer.slot is WEIGHT:
            grouped = x.reshape(x.shape[0], -1, uniform.group) if uniform.group else x
            return grad * ((grouped / step).abs() <= uniform.high + 0.5).reshape(x.shape)
        return grad * ((x / step).abs() <= uniform.high + 0.5)
    return expected_polar_pullback(quantizer, x, grad)


def expected_polar_pullback(quantizer, x, grad):
    spec = quantizer.spec
    value = quantizer(x).value
    v, q, g = (t.transpose(-1, -2).reshape(-1, 3) for t in (x, value, grad))
    if spec.dynamic:
        top = torch.full((len(v),), torch.inf, dtype=v.dtype)
    else:
        step = quantizer.calibrated.step.double()
        top = (step if spec.magnitude == "log" else step * (spec.high + 0.5)).expand(len(v))
    out = torch.empty_like(v)
    for i in range(len(v)):
        m, decoded = v[i].norm(), q[i].norm()
        inside = float(m <= top[i])
        if spec.gradient == "plain":
            out[i] = inside * g[i]
        elif decoded == 0:
            out[i] = 0 * g[i] if spec.gradient == "hard" else g[i]
        elif spec.gradient == "hard":
            out[i] = inside * (q[i] / decoded @ g[i]) * v[i] / m
        elif spec.gradient == "rotation":
            out[i] = decoded / m * shortest_rotation(v[i] / m, q[i] / decoded).T @ g[i]
        else:
            u, code = v[i] / m, q[i] / decoded
            tangent = torch.eye(3, dtype=v.dtype) - torch.outer(u, u)
            out[i] = inside * (code @ g[i]) * u + decoded / m * (tangent @ g[i])
    return out.reshape(x.shape[0], x.shape[2], 3).transpose(-1, -2)


def shortest_rotation(u, code):
    """Rodrigues' formula for the rotation that takes one unit vector to another."""
    axis = torch.linalg.cross(u, code)
    cross = torch.tensor([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]], dtype=u.dtype)
    return torch.eye(3, dtype=u.dtype) + cross + cross @ cross / (1 + u @ code)


@every_spec
def test_the_gradient_is_its_formula(slot, spec, seed):
    quantizer = calibrated(slot, spec)
    x = drawn(slot, seed, torch.float64).requires_grad_()
    weight = drawn(slot, seed + 1, torch.float64)
    (gradient,) = torch.autograd.grad((quantizer(x).value * weight).sum(), x)
    torch.testing.assert_close(gradient, expected_pullback(quantizer, x.detach(), weight), rtol=1e-5, atol=1e-5)


@every_spec
def test_the_gradient_of_the_gradient_is_that_of_the_formula(slot, spec, seed):
    """The formula G(g) is linear in g, its coefficients held: ∂/∂g |G(g)|² = 2 Gᵀ G(g), ∂/∂x = 0."""
    quantizer = calibrated(slot, spec)
    x = drawn(slot, seed, torch.float64).requires_grad_()
    arriving = drawn(slot, seed + 1, torch.float64).requires_grad_()
    (gradient,) = torch.autograd.grad((quantizer(x).value * arriving).sum(), x, create_graph=True)
    for_arriving, for_x = torch.autograd.grad(gradient.square().sum(), (arriving, x), allow_unused=True)

    direction = drawn(slot, seed + 2, torch.float64)
    start = expected_pullback(quantizer, x.detach(), arriving.detach())
    change = expected_pullback(quantizer, x.detach(), direction)
    expected = 2 * (start * change).sum()
    torch.testing.assert_close((for_arriving * direction).sum(), expected, rtol=1e-5, atol=1e-5)
    assert expected.abs() > 0
    assert for_x is None or (for_x == 0).all()


@pytest.mark.parametrize(("slot", "spec"), polar_cases())
def test_a_radial_gradient_stays_radial_and_a_tangent_one_tangent(slot, spec, seed):
    if spec.gradient != "geometric":
        spec = Polar(spec.bits, spec.directions)
    quantizer = calibrated(slot, spec)
    x = drawn(slot, seed, torch.float64).requires_grad_()
    value = quantizer(x).value
    alive = value.norm(dim=-2) > 0
    tangent = torch.linalg.cross(x.detach(), drawn(slot, seed + 1, torch.float64), dim=-2)
    tangent = torch.linalg.cross(tangent, value.detach(), dim=-2)  # at right angles to the code: no radial part
    (gradient,) = torch.autograd.grad((value * tangent).sum(), x)
    radial = (gradient * x).sum(-2)[alive]
    assert radial.abs().max() < 1e-9 * (gradient.norm(dim=-2) * x.norm(dim=-2))[alive].max()
    assert gradient.norm(dim=-2)[alive].max() > 0
