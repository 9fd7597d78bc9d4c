"""Every rule for differences holds for differences that are drawn, and for those that make it worst."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gaq.geometry.coupling import COUPLINGS, coupled
from gaq.geometry.harmonics import harmonics
from gaq.model.spread import ErrorSpread, bounded, flipped, joined, length, linear, most_flips, none_like, silu, times

ATOMS, CHANNELS = 7, 12


@pytest.fixture
def draw(seed) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(draw: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=draw, dtype=torch.float64)


def spread_of(size: float, draw: torch.Generator) -> ErrorSpread:
    worst = size * torch.rand(ATOMS, CHANNELS, generator=draw, dtype=torch.float64)
    return bounded(worst, None, worst.square() / 3)


def within(difference: Tensor, spread: ErrorSpread) -> bool:
    """Differences [draw, atom, channel] against the bounds, but for float64 rounding."""
    each = bool((difference.abs() <= spread.worst * (1 + 1e-9) + 1e-12).all())
    return each and bool((difference.norm(dim=-1) <= spread.norm * (1 + 1e-9) + 1e-12).all())


def differences(spread: ErrorSpread, draw: torch.Generator, count: int = 400) -> Tensor:
    """Drawn evenly within the bounds, and at their corners."""
    inside = 2 * torch.rand(count, ATOMS, CHANNELS, generator=draw, dtype=torch.float64) - 1
    return torch.cat([inside, inside.sign()]) * spread.worst


def test_linear_layers(draw):
    weight, x = normal(draw, 9, CHANNELS), spread_of(0.1, draw)
    d = differences(x, draw)
    out = linear(x, weight)
    assert within(d @ weight.t(), out)
    worst = (weight[3].sign() * x.worst) @ weight.t()  # the corner that is worst for one output
    assert torch.allclose(worst[:, 3], (x.worst @ weight.abs().t())[:, 3])
    assert not within(1.3 * worst[None], ErrorSpread(out.worst, out.norm, out.square))
    variance = (d[:400] @ weight.t()).square().mean(0)
    assert torch.allclose(variance, out.square, rtol=0.35)


def test_products_of_scalars(draw):
    a, b, da, db = (
        normal(draw, ATOMS, CHANNELS),
        normal(draw, ATOMS, CHANNELS),
        spread_of(0.1, draw),
        spread_of(0.2, draw),
    )
    x, y = differences(da, draw), differences(db, draw)
    assert within((a + x) * (b + y) - a * b, times(a, da, b, db))
    assert not within(3 * ((a + da.worst * a.sign()) * (b + db.worst * b.sign()) - a * b)[None], times(a, da, b, db))


def test_dot_products_and_lengths_of_vectors(draw):
    a, b = normal(draw, ATOMS, 3, CHANNELS), normal(draw, ATOMS, 3, CHANNELS)
    da, db = spread_of(0.1, draw), spread_of(0.1, draw)

    def turned(spread: ErrorSpread) -> Tensor:
        u = normal(draw, 400, ATOMS, 3, CHANNELS)
        return u / u.norm(dim=-2, keepdim=True) * spread.worst[:, None]

    x, y = turned(da), turned(db)
    change = ((a + x) * (b + y)).sum(-2) - (a * b).sum(-2)
    assert within(change, times(a.norm(dim=-2), da, b.norm(dim=-2), db, 1 / 3))
    assert within((a + x).norm(dim=-2) - a.norm(dim=-2), length(da, 3))


@pytest.mark.parametrize("coupling", COUPLINGS, ids=lambda c: f"{c.a}{c.b}{c.c}")
def test_couplings(coupling, draw):
    def drawn(degree: int) -> Tensor:
        return normal(draw, ATOMS, 2 * degree + 1, CHANNELS)

    a, b, da, db = drawn(coupling.a), drawn(coupling.b), spread_of(0.1, draw), spread_of(0.1, draw)
    before, out = coupled(coupling, a, b), times(a.norm(dim=-2), da, b.norm(dim=-2), db, coupling.mean_square)
    for _ in range(400):
        x, y = (u / u.norm(dim=-2, keepdim=True) for u in (drawn(coupling.a), drawn(coupling.b)))
        change = coupled(coupling, a + x * da.worst[:, None], b + y * db.worst[:, None]) - before
        assert within(change.norm(dim=-2), out)
    a, b = (harmonics(torch.tensor([[0.0, 0.6, 0.8]]), k)[..., None] for k in (coupling.a, coupling.b))
    one = bounded(torch.full((1, 1), 0.1), None, torch.full((1, 1), 0.01))
    reached = (coupled(coupling, 1.1 * a, 1.1 * b) - coupled(coupling, a, b)).norm(dim=-2)
    unit = torch.ones(1, 1)
    assert torch.allclose(reached, times(unit, one, unit, one, coupling.mean_square).worst), "the bound is reached"


@pytest.mark.parametrize("coupling", COUPLINGS, ids=lambda c: f"{c.a}{c.b}{c.c}")
def test_the_estimate_of_couplings_is_what_is_drawn(coupling, draw):
    def drawn(degree: int) -> Tensor:
        u = normal(draw, 100_000, 2 * degree + 1, 1)
        return u / u.norm(dim=-2, keepdim=True)

    a, b, x, y = drawn(coupling.a), drawn(coupling.b), 0.1 * drawn(coupling.a), 0.1 * drawn(coupling.b)
    found = (coupled(coupling, a + x, b + y) - coupled(coupling, a, b)).square().sum(-2).mean()
    unit, one = torch.ones(1, 1), bounded(torch.full((1, 1), 0.1), None, torch.full((1, 1), 0.01))
    assert float(found) == pytest.approx(float(times(unit, one, unit, one, coupling.mean_square).square), rel=0.02)


def test_silu_about_its_minimum(draw):
    x = torch.linspace(-4, 2, ATOMS * CHANNELS, dtype=torch.float64).reshape(ATOMS, CHANNELS)
    dx = spread_of(1.0, draw)
    d = differences(dx, draw)
    act = torch.nn.functional.silu
    assert within(act(x + d) - act(x), silu(x, dx))


def test_features_side_by_side(draw):
    one, other = spread_of(0.1, draw), none_like(torch.ones(ATOMS, CHANNELS, dtype=torch.float64))
    both = joined([one, other])
    assert torch.equal(both.norm, one.norm)
    assert both.worst.shape == (ATOMS, 2 * CHANNELS)
    assert float((one + one).norm.max()) == pytest.approx(2 * float(one.norm.max()))


def test_the_largest_number_of_flips():
    distance = torch.tensor([[0.1, 0.2, 0.3, 0.05]], dtype=torch.float64)
    far = torch.full_like(distance, 1.0)

    def flips(norm: float) -> int:
        return int(most_flips(distance, ErrorSpread(far, torch.tensor([norm], dtype=torch.float64), far)))

    assert [flips(n) for n in (0.0, 0.04, 0.06, 0.12, 0.23, 0.38)] == [0, 0, 1, 2, 3, 4]
    near = ErrorSpread(torch.full_like(distance, 0.15), torch.tensor([1.0], dtype=torch.float64), far)
    assert int(most_flips(distance, near)) == 2  # the others are beyond what their channels can reach


@pytest.mark.parametrize("size", [0.01, 0.3, 3.0])
def test_codes_that_fall_apart(size, draw):
    """Drawn pairs behind steps of one, against the formula for small, middle and large differences."""
    x = 100 * torch.rand(200_000, generator=draw, dtype=torch.float64)
    d = size * normal(draw, 200_000)
    found = float((torch.round(x + d) - torch.round(x)).square().mean())
    square = torch.tensor([size**2], dtype=torch.float64)
    assert found == pytest.approx(float(flipped(square, torch.ones(1, dtype=torch.float64))), rel=0.15)
