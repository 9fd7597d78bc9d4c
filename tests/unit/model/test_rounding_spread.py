"""Bounds for each scheme hold in every orientation, and are not far off; estimates are what is drawn."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from gaq.geometry.covering import hull_faces
from gaq.geometry.rotations import random_rotations
from gaq.model.rounding_spread import angles, scalars, vectors
from gaq.model.spread import ErrorSpread, bounded, none_like
from gaq.quant.direction_spec import Component, Fibonacci, Icosahedral, KMeans, Octahedral
from gaq.quant.mddq import PolarCode
from gaq.quant.observe import AbsMax
from gaq.quant.quantizer import Quantizer
from gaq.quant.slot import Role, Slot
from gaq.quant.spec import Polar, Spec, Uniform
from gaq.quant.wrappers import Centred, Compensated, Learned

ATOMS, CHANNELS = 5, 16
VECTORS: dict[str, Spec] = {
    "tensor": Uniform(8),
    "learned": Learned(Uniform(6)),
    "row": Uniform(8, per="row"),
    "atom": Uniform(8, per="atom"),
    "vector": Uniform(8, per="vector"),
    "fibonacci": Polar(8, Fibonacci(8)),
    "icosahedral-log": Polar(8, Icosahedral(10), magnitude="log"),
    "octahedral": Polar(8, Octahedral(12), per="atom"),
    "k-means": Polar(8, KMeans(4)),
    "component": Polar(8, Component(6)),
}


def features(seed: int) -> Tensor:
    """Vectors [atom, 3, channel] whose lengths differ by octaves."""
    draw = torch.Generator().manual_seed(seed)
    size = torch.exp2(3 * torch.rand(ATOMS, 1, CHANNELS, generator=draw, dtype=torch.float64) - 3)
    return size * torch.randn(ATOMS, 3, CHANNELS, generator=draw, dtype=torch.float64)


def calibrated(spec: Spec, role: Role, x: Tensor, share: float = 1.0) -> Quantizer:
    degree = 1 if role is Role.VECTOR_FEATURE else 0
    quantizer = Quantizer(Slot("here", role, (None, *x.shape[1:]), degree))
    quantizer.install(spec, AbsMax())
    quantizer.observing = True
    quantizer(share * x)
    quantizer.finish_calibration()
    return quantizer


def turned_back(quantizer: Quantizer, v: Tensor, rotations: Tensor) -> Tensor:
    """|Rᵀ Q(R v) − Q(v)| [rotation, atom, channel]."""
    with torch.no_grad():
        here = quantizer(v).value
        found = [(r.t() @ quantizer(r @ v).value - here).norm(dim=-2) for r in rotations]
    return torch.stack(found)


def nothing() -> ErrorSpread:
    return none_like(torch.zeros(ATOMS, CHANNELS, dtype=torch.float64))


@pytest.mark.parametrize("name", VECTORS)
def test_the_bound_holds_in_drawn_orientations(name, seed):
    v = features(seed)
    # Calibrated on less than there is, so that some vectors are clipped.
    quantizer = calibrated(VECTORS[name], Role.VECTOR_FEATURE, torch.cat([v] * 8), share=0.7)
    found = turned_back(quantizer, v, random_rotations(300, torch.Generator().manual_seed(seed)))
    spread = vectors(quantizer, v, nothing())
    assert bool((found <= spread.worst * (1 + 1e-9)).all())
    assert bool((found.norm(dim=-1) <= spread.norm * (1 + 1e-9)).all())
    assert float((found.amax(0) / spread.worst).nan_to_num(0).max()) > 0.25  # tight to a factor of four at least
    # The negative control: half the bound does not hold.
    assert bool((found > spread.worst * 0.24).any())


@pytest.mark.parametrize("name", ["fibonacci", "octahedral", "component", "row", "vector"])
def test_the_estimate_is_what_is_drawn(name, seed):
    v = features(seed)
    quantizer = calibrated(VECTORS[name], Role.VECTOR_FEATURE, v)
    found = turned_back(quantizer, v, random_rotations(300, torch.Generator().manual_seed(seed)))
    measured, estimate = found.square().mean().sqrt(), vectors(quantizer, v, nothing()).square.mean().sqrt()
    # One orientation is fixed and shared by all 300: the mean over channels leaves some 10 %.
    assert float(measured) == pytest.approx(float(estimate), rel=0.25)


def test_the_worst_orientations_of_a_codebook_reach_its_covering_radius(seed):
    """Enumeration of the corners of Voronoi cells: turned there, a vector is off by δ and by no more than the bound."""
    v = features(seed)
    quantizer = calibrated(Polar(8, Fibonacci(8)), Role.VECTOR_FEATURE, v)
    fitted = quantizer.calibrated
    assert isinstance(fitted, PolarCode)
    delta, _ = angles(fitted, 3)
    worst = vectors(quantizer, v, nothing()).worst
    normals, _ = hull_faces(fitted.directions.points)
    one = v[2, :, 5]
    rotations = torch.stack([onto(one / one.norm(), n) for n in normals])
    found = turned_back(quantizer, v, rotations)
    assert bool((found <= worst * (1 + 1e-9)).all())
    with torch.no_grad():
        codes = torch.stack([quantizer(r @ v).value[2, :, 5] for r in rotations])
    off = torch.acos(((codes / codes.norm(dim=-1, keepdim=True)) * normals).sum(-1).clamp(-1, 1))
    assert float(off.max()) > 0.999 * (delta - 2e-6)
    assert float(off.max()) <= delta
    assert float(found[:, 2, 5].max() / worst[2, 5]) > 0.6


def onto(a: Tensor, b: Tensor) -> Tensor:
    """The rotation that takes the unit vector a to b in their plane."""
    axis = torch.linalg.cross(a, b)
    k = torch.zeros(3, 3, dtype=a.dtype)
    k[0, 1], k[0, 2], k[1, 0], k[1, 2], k[2, 0], k[2, 1] = -axis[2], axis[1], axis[2], -axis[0], -axis[1], axis[0]
    return torch.eye(3, dtype=a.dtype) + k + k @ k / (1 + (a * b).sum())


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_that_differ_already(name, seed):
    """Rᵀ Q(R (v + d)) against Q(v), for differences d within their bound."""
    v = features(seed)
    quantizer = calibrated(VECTORS[name], Role.VECTOR_FEATURE, torch.cat([v] * 8), share=0.7)
    size = 0.05 * torch.ones(ATOMS, CHANNELS, dtype=torch.float64)
    spread = vectors(quantizer, v, bounded(size, None, size.square()))
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        here = quantizer(v).value
        for r in random_rotations(100, draw):
            d = torch.randn(v.shape, generator=draw, dtype=v.dtype)
            moved = v + d / d.norm(dim=-2, keepdim=True) * size[:, None]
            found = (r.t() @ quantizer(r @ moved).value - here).norm(dim=-2)
            assert bool((found <= spread.worst * (1 + 1e-9)).all())
            assert bool((found.norm(dim=-1) <= spread.norm * (1 + 1e-9)).all())


SCALARS = (
    Uniform(8),
    Uniform(4),
    Learned(Uniform(5)),
    Uniform(8, per="row"),
    Centred(Uniform(8, per="row")),
    Centred(Compensated(Uniform(5, per="row"), 2)),
)


@pytest.mark.parametrize("spec", SCALARS, ids=str)
def test_scalars_that_differ(spec, seed):
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(ATOMS, CHANNELS, generator=draw, dtype=torch.float64)
    quantizer = calibrated(spec, Role.SCALAR_FEATURE, x, share=0.8)
    size = 0.1 * torch.rand(ATOMS, CHANNELS, generator=draw, dtype=torch.float64)
    size[0] = 0
    dx = bounded(size, None, size.square() / 3)
    spread = scalars(quantizer, x, dx)
    with torch.no_grad():
        here = quantizer(x).value
        for k in range(400):
            d = size * (2 * torch.rand(size.shape, generator=draw, dtype=torch.float64) - 1)
            found = quantizer(x + (d if k % 2 else d.sign() * size)).value - here
            assert bool((found.abs() <= spread.worst * (1 + 1e-9)).all())
            assert bool((found.norm(dim=-1) <= spread.norm * (1 + 1e-9)).all())
    assert float(spread.worst[0].max()) == 0  # equal numbers have equal codes


def test_a_norm_that_is_smaller_than_its_channels_limits_the_flips(seed):
    """The differences that flip most codes for a given norm: straight to the nearest thresholds."""
    draw = torch.Generator().manual_seed(seed)
    x = torch.rand(1, 64, generator=draw, dtype=torch.float64)
    quantizer = calibrated(Uniform(6), Role.SCALAR_FEATURE, x)
    step = float(quantizer.calibrated.step)
    towards = torch.round(x / step - 0.5) * step + step / 2 - x  # to the threshold above or below
    order = towards.abs().argsort(-1)[0]
    d = torch.zeros_like(x)
    for k in range(20):
        d[0, order[k]] = towards[0, order[k]] + 1e-6 * towards[0, order[k]].sign()
    norm = d.norm(dim=-1)
    spread = scalars(quantizer, x, ErrorSpread(norm[:, None].expand_as(x).clone(), norm, d.square()))
    with torch.no_grad():
        found = quantizer(x + d).value - quantizer(x).value
    assert int((found != 0).sum()) == 20
    assert float(found.norm()) <= float(spread.norm) * (1 + 1e-9)
    assert float(found.norm()) > 0.8 * (float(spread.norm) - float(norm))
    assert math.isclose(float(spread.norm), float(norm) + step * math.sqrt(20), rel_tol=1e-2)
