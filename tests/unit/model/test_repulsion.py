"""A wall that is not there for the training data, and that no atom passes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gaq.atoms.structure import Structure
from gaq.engine.pytorch import TorchEngine
from gaq.measure.rotations import haar_rotations
from gaq.model.forces import energy_and_forces
from gaq.model.geometry import Gauge
from gaq.model.repulsion import FARTHEST, MARGIN, UNSEEN, Repulsion
from tiny import batch_of, config, molecules, network

INFINITE = float("inf")


def oxygen_and_hydrogen(closest: list[list[float]] | None = None) -> Repulsion:
    wall = Repulsion((1, 8))
    wall.build_(torch.tensor(closest or [[1.5, 0.9], [0.9, INFINITE]]))
    return wall


def walled(dtype: torch.dtype = torch.float64, **changes: object):
    """A network with a wall far out, so that the molecules of tests are inside."""
    model = network(config(**changes), dtype)
    model.repulsion.build_(torch.full((4, 4), 1.3, dtype=torch.float64))
    return model


def half_energies(wall: Repulsion, distances: torch.Tensor, pair: int = 1) -> torch.Tensor:
    return wall(distances, torch.full(distances.shape, pair)).energy


def derivatives(function, distance: float, orders: int = 3) -> list[float]:
    r = torch.tensor([distance], dtype=torch.float64, requires_grad=True)
    found = [function(r)]
    for _ in range(orders):
        found.append(torch.autograd.grad(found[-1].sum(), r, create_graph=True)[0])
    return [f.item() for f in found]


def test_the_wall_begins_below_the_data_and_near_bonds():
    wall = oxygen_and_hydrogen([[1.5, 0.9], [0.9, INFINITE]])
    hydrogens, mixed, _, oxygens = wall.outer.tolist()
    assert mixed == pytest.approx(MARGIN * 0.9, abs=1e-4)
    assert hydrogens == pytest.approx(FARTHEST * 2 * 0.31, abs=1e-4)  # the data have them at 1.5 Å at the least
    assert oxygens == pytest.approx(UNSEEN * 2 * 0.66, abs=1e-4)
    assert (wall.inner < wall.outer).all()


def test_zbl_is_what_the_literature_says():
    """Ziegler et al. at r = a: Z_i Z_j e² / (4πε₀ r) · 0.4217, the sum of the four terms at 1."""
    wall = oxygen_and_hydrogen([[4.0, 4.0], [4.0, 4.0]])
    a = 0.46850 / (1 + 8**0.23)
    screened = (
        0.18175 * np.exp(-3.1998) + 0.50986 * np.exp(-0.94229) + 0.28022 * np.exp(-0.4029) + 0.02817 * np.exp(-0.20162)
    )
    expected = 14.3996454 * 8 / a * screened
    assert 2 * half_energies(wall, torch.tensor([a], dtype=torch.float64)).item() == pytest.approx(expected, rel=1e-7)


def test_nothing_changes_beyond_the_wall_to_the_last_bit():
    wall = oxygen_and_hydrogen()
    distances = torch.linspace(float(wall.outer[1]), 6.0, 50, dtype=torch.float64)
    close = wall(distances, torch.ones(50, dtype=torch.int64))
    assert torch.equal(close.distance, distances)
    assert (close.energy == 0).all()


@pytest.mark.parametrize("end", ["inner", "outer"])
def test_energy_and_distance_have_two_continuous_derivatives(end):
    wall = oxygen_and_hydrogen()
    at = float(getattr(wall, end)[1])
    for function in (lambda r: half_energies(wall, r), lambda r: wall(r, torch.ones(1, dtype=torch.int64)).distance):
        below, above = (derivatives(function, at + step) for step in (-1e-7, 1e-7))
        for one, other in zip(below[:3], above[:3], strict=True):
            assert one == pytest.approx(other, rel=1e-4, abs=1e-2)


def test_the_network_is_switched_off_as_the_wall_is_switched_on():
    """The slope of what the network sees is 1 − S: one at the outer end, zero inside."""
    wall = oxygen_and_hydrogen()
    seen = lambda r: wall(r, torch.ones(1, dtype=torch.int64)).distance  # noqa: E731
    assert derivatives(seen, 0.3)[1] == 0
    assert derivatives(seen, float(wall.outer[1]) - 1e-9)[1] == pytest.approx(1)
    middle = float(wall.inner[1] + wall.outer[1]) / 2
    assert derivatives(seen, middle)[1] == pytest.approx(0.5)
    assert seen(torch.tensor([0.2], dtype=torch.float64)).item() == pytest.approx(middle)


def test_a_model_without_a_wall_is_left_alone():
    model = network(config())
    assert not model.repulsion.present
    assert walled().repulsion.present
    wall = Repulsion((1, 8))
    wall.recede_(torch.full((2, 2), 0.5))
    assert not wall.present


def test_the_wall_makes_room_for_more_data():
    wall = oxygen_and_hydrogen()
    before = wall.outer.clone()
    wall.recede_(torch.tensor([[0.6, 2.0], [2.0, INFINITE]]))
    assert wall.outer[0] == pytest.approx(MARGIN * 0.6, abs=1e-4)
    assert torch.equal(wall.outer[1:], before[1:])
    assert (wall.inner <= wall.outer).all()


@pytest.mark.parametrize("gauge", list(Gauge))
def test_forces_are_minus_the_slope_inside_the_wall(gauge, rng):
    subject = TorchEngine(walled(degrees=2), "tiny", "fp32", gauge=gauge)
    free = TorchEngine(network(config(degrees=2), torch.float64), "tiny", "fp32", gauge=gauge)
    for structure in molecules():
        (found,) = subject.evaluate([structure])
        assert np.abs(found.forces - free.evaluate([structure])[0].forces).max() > 1  # the wall is felt
        way = rng.standard_normal(structure.positions.shape)
        ends = subject.evaluate([structure.moved(structure.positions + s * 1e-5 * way) for s in (1, -1)])
        slope = (ends[0].energy - ends[1].energy) / 2e-5
        assert -slope == pytest.approx((found.forces * way).sum(), rel=1e-6, abs=2e-5)


def test_turned_and_renumbered_copies_have_the_same_energy(rng):
    subject = TorchEngine(walled(torch.float32), "tiny", "fp32", gauge=Gauge.LOCAL)
    before = subject.evaluate(molecules())
    for matrix in haar_rotations(4, rng):
        after = subject.evaluate([s.rotated(matrix) for s in molecules()])
        assert [p.energy for p in after] == [p.energy for p in before]
    orders = [rng.permutation(len(s)) for s in molecules()]
    mixed = subject.evaluate([s.permuted(o) for s, o in zip(molecules(), orders, strict=True)])
    for p, q, order in zip(before, mixed, orders, strict=True):
        assert q.energy == pytest.approx(p.energy, abs=1e-3)
        assert np.abs(q.forces - p.forces[order]).max() < 1e-3


def test_energies_are_differentiable_twice_inside_the_wall():
    model = walled()
    _, forces = energy_and_forces(model, batch_of(molecules()), differentiable=True)
    forces.square().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize("distance", [0.21, 0.3, 0.4, 0.5])
def test_atoms_are_pushed_apart_at_any_distance_below_the_wall(distance):
    subject = TorchEngine(walled(torch.float32), "tiny", "fp32")
    for z in ([1, 1], [8, 1], [6, 6]):
        (found,) = subject.evaluate([Structure.molecule(z, [[0, 0, 0], [0, 0, distance]])])
        assert found.forces[1, 2] > 1
        assert found.forces[0, 2] < -1
