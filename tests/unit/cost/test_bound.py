"""The bound of a layer holds for drawn rotations and for rotations that were sought to break it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gaq.cost.layers import LayerTrace, layer_error, spreads, trace_of
from gaq.geometry.rotations import random_rotations
from gaq.model.spread import Spreads
from gaq.quant.direction_spec import Component, Fibonacci, Octahedral
from gaq.quant.install import preset
from gaq.quant.recipe import Recipe, Rule
from gaq.quant.slot import Role
from gaq.quant.spec import Polar, Uniform
from gaq.train.session import quantize
from tiny import config, molecules, network, painn


def messages() -> Recipe:
    """Vectors rounded when they are sent, too."""
    rounded = Rule(Role.VECTOR_MESSAGE, Polar(8, Octahedral(8)))
    return preset("gaq-w8a8", 0).with_rules(rounded)


def coarse() -> Recipe:
    return preset("gaq-w4a8", 0).with_rules(Rule(Role.VECTOR_FEATURE, Polar(6, Fibonacci(6))))


def rows() -> Recipe:
    """Dynamic steps for scalars and vectors, along the axes of space."""
    return preset("int8-per-vector", 0).with_rules(
        Rule(Role.SCALAR_FEATURE, Uniform(8, per="row")), Rule(Role.VECTOR_FEATURE, Uniform(6, per="row"))
    )


RECIPES = {
    "naive-int8": lambda: preset("naive-int8"),
    "int8-per-vector": lambda: preset("int8-per-vector", 0),
    "gaq-w8a8": lambda: preset("gaq-w8a8", 0),
    "component": lambda: preset("gaq-w8a8", 0).with_rules(Rule(Role.VECTOR_FEATURE, Polar(8, Component(8)))),
    "coarse": coarse,
    "messages": messages,
    "rows": rows,
}


ROUND_OFF = 1e-10  # of float64, where the bound is zero: vectors of a last layer, which nothing rounds
IN_PAINN = ("naive-int8", "gaq-w8a8", "messages", "rows")
IN_TRANSFORMERS = tuple(name for name in RECIPES if name != "messages")  # they send no vectors


def trace(recipe: Recipe, degrees: int = 2) -> LayerTrace:
    return trace_of(quantize(network(config(degrees=degrees)), recipe, molecules()), molecules()[:3])


def tightness(one: LayerTrace, index: int, rotation: Tensor, bound: Spreads) -> float:
    """The largest share of its bound that any feature's difference, or that of an atom, has; 1 is allowed."""
    found, (scalars, vectors) = layer_error(one, index, rotation), bound
    sizes = [found.scalars.abs(), *(v.norm(dim=-2) for v in found.vectors)]
    shares = []
    for size, spread in zip(sizes, (scalars, *vectors), strict=True):
        size = (size - ROUND_OFF).clamp(min=0)
        shares += [size / spread.worst, size.norm(dim=-1) / spread.norm]
    return max(float(share.nan_to_num(0.0, posinf=torch.inf).max()) for share in shares)


def drawn(one: LayerTrace, index: int, seed: int) -> float:
    bound = spreads(one, index)
    return max(tightness(one, index, r, bound) for r in random_rotations(16, torch.Generator().manual_seed(seed)))


def climbed(one: LayerTrace, index: int, seed: int, tries: int = 80) -> tuple[float, float, float]:
    """The largest difference of an atom among drawn rotations, what ascent makes of it (small turns are kept where they
    are worse), and the largest share of the bound on the way.
    """
    draw, bound = torch.Generator().manual_seed(seed), spreads(one, index)

    def height(rotation: Tensor) -> float:
        return float(layer_error(one, index, rotation).per_atom().max())

    best = max(random_rotations(12, draw), key=height)
    first = most = height(best)
    share = tightness(one, index, best, bound)
    for k in range(tries):
        w = 0.5 ** (1 + k % 9) * torch.randn(3, generator=draw, dtype=torch.float64)
        turn = torch.linalg.matrix_exp(
            torch.tensor([[0, -w[2], w[1]], [w[2], 0, -w[0]], [-w[1], w[0], 0]], dtype=torch.float64)
        )
        if (found := height(turn @ best)) > most:
            best, most = turn @ best, found
            share = max(share, tightness(one, index, best, bound))
    return first, most, share


@pytest.mark.parametrize("name", IN_TRANSFORMERS)
def test_the_bound_holds_for_drawn_rotations(name, seed):
    one = trace(RECIPES[name]())
    for index in range(2):
        worst = drawn(one, index, seed)
        assert 1e-3 < worst <= 1.0


@pytest.mark.parametrize("name", ["naive-int8", "gaq-w8a8"])
def test_the_bound_holds_for_the_worst_rotation_that_ascent_finds(name, seed):
    one = trace(RECIPES[name]())
    found = [climbed(one, index, seed) for index in range(2)]
    assert all(share <= 1.0 for _, _, share in found)
    assert any(first < most for first, most, _ in found)  # the search does find worse ones


@pytest.mark.parametrize("name", IN_PAINN)
def test_the_bound_of_painn_holds(name, seed):
    one = trace_of(quantize(network(painn(layers=3)), RECIPES[name](), molecules()), molecules()[:3])
    found = [drawn(one, index, seed) for index in range(3)]
    assert all(1e-4 < worst <= 1.0 for worst in found)


@pytest.mark.parametrize("degrees", [1, 3])
def test_other_degrees(degrees, seed):
    one = trace(preset("gaq-w8a8", 0), degrees)
    for index in range(2):
        worst = drawn(one, index, seed)
        assert 1e-4 < worst <= 1.0


def test_a_bound_from_too_small_an_angle_would_be_broken(seed, monkeypatch):
    """The negative control: with a covering radius that is a fiftieth of the true one, drawn rotations break it."""
    from gaq.model import rounding_spread as rounding

    one = trace(preset("gaq-w8a8", 0))
    true = rounding.angles
    monkeypatch.setattr(rounding, "angles", lambda *a: (true(*a)[0] / 50, true(*a)[1]))
    assert drawn(one, 0, seed) > 1.0


def test_a_last_layer_adds_nothing_to_vectors(seed):
    one = trace(preset("naive-int8"))
    assert all(float(v.norm.max()) == 0 for v in spreads(one, 1)[1])
    assert all(float(v.norm.min()) > 0 for v in spreads(one, 0)[1])
    (rotation,) = random_rotations(1, torch.Generator().manual_seed(seed))
    assert all(float(v.abs().max()) < ROUND_OFF for v in layer_error(one, 1, rotation).vectors)


def test_a_float_layer_adds_nothing(seed):
    one = trace(preset("w8"))
    (rotation,) = random_rotations(1, torch.Generator().manual_seed(seed))
    for index in range(2):
        scalars, vectors = spreads(one, index)
        assert float(scalars.norm.max()) == 0
        assert all(float(v.norm.max()) == 0 for v in vectors)
        assert float(layer_error(one, index, rotation).per_atom().max()) < 1e-12
