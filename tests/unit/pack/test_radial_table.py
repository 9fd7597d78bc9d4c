"""The table of the radial basis stands for the basis: in its values, in its slopes, and in energies and forces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

import gaq.model.geometry
from gaq.atoms.structure import Prediction
from gaq.data.read import read_dataset
from gaq.engine.pytorch import TorchEngine
from gaq.geometry.radial import exponential_basis
from gaq.model.architectures import architecture_of
from gaq.pack.radial_table import RadialTable, radial_table
from gaq.train.checkpoint import load_checkpoint
from tiny import network, painn

REPOSITORY = Path(__file__).resolve().parents[3]
MODEL = REPOSITORY / "models" / "rmd17-ethanol-fp32.ckpt"
FRAMES = 24
# What an engine may differ by from the network without tables.
ENERGY, FORCE = 0.01, 0.02  # meV, meV/Å
SPARE = 3


@pytest.mark.parametrize(("cutoff", "basis"), [(5.0, 32), (4.0, 8), (6.0, 20)])
def test_values_and_slopes_are_those_of_the_basis(cutoff, basis):
    table = radial_table(cutoff, basis)
    distance = torch.linspace(0.15, cutoff, 4001, dtype=torch.float64, requires_grad=True)
    exact = exponential_basis(distance, cutoff, basis)
    found = table.basis(distance)
    assert (found - exact).abs().max() < 2e-7
    for k in (0, basis // 2, basis - 1):
        (slope,) = torch.autograd.grad(exact[:, k].sum(), distance, retain_graph=True)
        (ours,) = torch.autograd.grad(found[:, k].sum(), distance, retain_graph=True)
        assert (ours - slope).abs().max() < 5e-5


def test_knots_carry_the_formula():
    """Against B = exp(−β (u − μ)²), dB/du = −2 β (u − μ) B, d²B/du² = (4 β² (u − μ)² − 2 β) B."""
    table = radial_table(5.0, 32)
    low = np.exp(-5.0)
    u = np.linspace(low, np.exp(-0.1), len(table.values))[:, None]
    centre, beta = np.linspace(low, 1, 32), (2 / 32 * (1 - low)) ** -2
    values = np.exp(-beta * (u - centre) ** 2)
    width = u[1] - u[0]
    slopes = -2 * beta * (u - centre) * values * width
    curvatures = (4 * beta**2 * (u - centre) ** 2 - 2 * beta) * values * width**2 / 2
    assert (table.decay, table.low, table.high) == (1.0, low, np.exp(-0.1))
    np.testing.assert_allclose(table.values.numpy(), values, rtol=2e-6, atol=1e-9)
    np.testing.assert_allclose(table.slopes.numpy(), slopes, rtol=2e-6, atol=1e-9)
    np.testing.assert_allclose(table.curvatures.numpy(), curvatures, rtol=2e-6, atol=1e-9)


def test_it_is_continuous_with_its_slope_at_the_knots():
    table = radial_table(5.0, 8)
    u = torch.linspace(table.low, table.high, len(table.values), dtype=torch.float64)[1:-1]
    beside = [(-torch.log(u * (1 + side)) / table.decay).requires_grad_() for side in (-1e-12, 1e-12)]
    left, right = (table.basis(distance) for distance in beside)
    assert (left - right).abs().max() < 1e-9
    slopes = [torch.autograd.grad(b.sum(), d)[0] for b, d in zip((left, right), beside, strict=True)]
    assert (slopes[0] - slopes[1]).abs().max() < 1e-7


def test_energies_and_forces_are_those_of_the_network_without_tables(monkeypatch):
    exact = _predictions()
    energy, largest, rms = _differences(exact, _tabulated(monkeypatch, radial_table(5.0, 32)))
    assert energy < ENERGY / SPARE
    assert largest < FORCE / SPARE
    assert rms < FORCE / SPARE


def test_too_few_knots_are_seen(monkeypatch):
    exact = _predictions()
    _, largest, rms = _differences(exact, _tabulated(monkeypatch, radial_table(5.0, 32, knots=40)))
    assert largest > 5 * FORCE
    assert rms > FORCE


def _predictions() -> list[Prediction]:
    checkpoint = load_checkpoint(MODEL)
    frames = read_dataset("embedded", FRAMES).structures
    return TorchEngine(checkpoint.model, MODEL.name, "fp32").evaluate(frames)


def _tabulated(monkeypatch: pytest.MonkeyPatch, table: RadialTable) -> list[Prediction]:
    with monkeypatch.context() as patched:
        patched.setattr(gaq.model.geometry, "exponential_basis", lambda distance, cutoff, count: table.basis(distance))
        return _predictions()


def _differences(exact: Sequence[Prediction], found: Sequence[Prediction]) -> tuple[float, float, float]:
    """Largest energy difference (meV), largest and rms difference of force components (meV/Å)."""
    energy = max(abs(a.energy - b.energy) for a, b in zip(exact, found, strict=True))
    force = np.concatenate([(a.forces - b.forces).ravel() for a, b in zip(exact, found, strict=True)])
    return 1e3 * energy, 1e3 * float(np.abs(force).max()), 1e3 * float(np.sqrt(np.mean(force**2)))


def test_functions_that_end_at_the_cutoff_have_knots_there():
    """The grid of PaiNN; the control is the grid of the basis alone, which has a last interval of an Ångström."""
    model = network(painn(basis=32))
    found = architecture_of(model).packed(model)
    distance = torch.linspace(0.3, 5.0, 4001, dtype=torch.float64)
    exact = found.radial(distance)
    own = radial_table(5.0, 32, functions=found.radial, grid=found.grid).basis(distance)
    coarse = radial_table(5.0, 32, functions=found.radial).basis(distance)
    assert (own - exact).abs().max() < 2.0**-22, "two units of float32"
    assert ((own - exact).diff(dim=0) / distance.diff()[:, None]).abs().max() < 3e-5, "round-off of the table"
    assert (coarse - exact).abs().max() > 1e-3


@pytest.mark.parametrize("ending", ["polynomial", "cosine"])
@pytest.mark.parametrize(("radial", "basis"), [("gaussian", 20), ("gaussian", 50), ("bessel", 20), ("bessel", 6)])
def test_functions_as_narrow_everywhere_have_as_many_knots_everywhere(radial, basis, ending):
    """The control is a grid with a third of the knots."""
    model = network(painn(radial=radial, basis=basis, ending=ending))
    found = architecture_of(model).packed(model)
    distance = torch.linspace(0.3, 5.0, 4001, dtype=torch.float64)
    exact = found.radial(distance)
    own, coarse = (
        radial_table(5.0, basis, knots, found.radial, found.grid).basis(distance) - exact
        for knots in (None, found.grid.knots // 3)
    )
    assert own.abs().max() < 3e-7 * exact.abs().max()
    assert (own.diff(dim=0) / distance.diff()[:, None]).abs().max() < 1e-4
    assert coarse.abs().max() > 5 * own.abs().max()
