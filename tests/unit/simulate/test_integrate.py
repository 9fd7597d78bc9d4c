"""Velocity Verlet keeps what it must keep, and says when the molecule is gone."""

from __future__ import annotations

import numpy as np
import pytest

from ase_dynamics import short_nve
from gaq.atoms.from_ase import to_ase
from gaq.atoms.structure import Prediction, Structure
from gaq.engine.motion import Dynamics
from gaq.errors import Diverged, UsageError
from gaq.simulate.calculator import Calculator
from gaq.simulate.integrate import make_step, run_nve, start
from gaq.simulate.stability import is_unstable, reference
from unit.measure import planted


class Spring(planted.PairEngine):
    """Two atoms on a harmonic spring of 20 eV/Å², length 1 Å."""

    def one(self, structure: Structure) -> Prediction:
        apart = structure.positions[1] - structure.positions[0]
        length = np.linalg.norm(apart)
        pull = 20 * (length - 1) * apart / length
        return Prediction(10 * (length - 1) ** 2, np.array([pull, -pull]))


SPRING = Structure.molecule([8, 8], [[0, 0, 0], [1.0, 0, 0]])


def test_a_spring_swings_with_its_own_period():
    from gaq.simulate.velocities import masses_of
    from gaq.units import ACCELERATION

    lengths = []
    run_nve(
        Spring(),
        SPRING,
        2000,
        dt=0.1,
        temperature=50.0,
        each_record=lambda s: lengths.append(np.linalg.norm(s.structure.positions[1] - s.structure.positions[0])),
    )
    crossings = np.flatnonzero(np.diff(np.sign(np.array(lengths[1:]) - 1)))
    period = 2 * np.mean(np.diff(crossings)) * 0.1
    reduced = masses_of(SPRING)[0] / 2
    assert period == pytest.approx(2 * np.pi / np.sqrt(20 * ACCELERATION / reduced), rel=5e-3)


def test_the_energy_error_falls_with_the_square_of_the_step():
    def swing(dt: float) -> float:
        log = run_nve(planted.PairEngine(), planted.ethanol(), int(50 / dt), dt=dt, temperature=50.0, seed=1)
        return float(np.std(log.total))

    assert swing(0.4) / swing(0.2) == pytest.approx(4, rel=0.3)


def test_going_back_leads_to_where_it_began():
    from dataclasses import replace

    engine = planted.PairEngine()
    first = state = start(engine, planted.ethanol(), 100.0, seed=3)
    for _ in range(100):
        state = make_step(engine, state, Dynamics(0.5))
    state = replace(state, velocities=-state.velocities)
    for _ in range(100):
        state = make_step(engine, state, Dynamics(0.5))
    assert np.abs(state.structure.positions - first.structure.positions).max() < 1e-9


def test_momenta_stay():
    log = run_nve(planted.PairEngine(), planted.ethanol(), 300, temperature=100.0)
    assert np.abs(log.momentum).max() < 1e-12
    assert np.abs(log.angular_momentum - log.angular_momentum[0]).max() < 1e-12
    twisted = run_nve(planted.Twisted(), planted.ethanol(), 300, temperature=100.0)
    assert np.abs(twisted.angular_momentum).max() > 1e-6


def test_a_run_is_the_same_for_the_same_seed():
    one, two, other = (run_nve(planted.PairEngine(), planted.ethanol(), 20, seed=s) for s in (5, 5, 6))
    assert (one.total == two.total).all()
    assert (one.total != other.total).any()


def test_records_every_so_many_steps_and_at_both_ends():
    log = run_nve(planted.PairEngine(), planted.ethanol(), 25, dt=0.5, every=10)
    assert log.time.tolist() == [0.0, 5.0, 10.0, 12.5]
    assert log.steps == 25


def test_ours_and_that_of_ase_are_the_same_dynamics():
    """To the eighth digit, in which the two tables of constants differ."""
    ours = run_nve(Spring(), SPRING, 200, dt=0.5, temperature=300.0, seed=2, every=3)
    theirs = short_nve(Calculator(Spring()), to_ase(SPRING), 200, dt=0.5, temperature=300.0, seed=2, every=3)
    assert (ours.time == theirs.time).all()
    assert np.abs(ours.total - theirs.total).max() < 1e-6
    assert np.abs(ours.potential - theirs.potential).max() < 1e-5 < np.ptp(ours.potential)
    assert (ours.unstable_at, theirs.unstable_at) == (None, None)


def test_ase_leaves_the_atoms_that_were_given_as_they_are():
    atoms = to_ase(planted.ethanol())
    short_nve(Calculator(planted.PairEngine()), atoms, 5)
    assert (atoms.positions == planted.ethanol().positions).all()
    assert atoms.calc is None


class Explosive(planted.PairEngine):
    """Pushes everything apart."""

    def one(self, structure: Structure) -> Prediction:
        return Prediction(0.0, 50 * (structure.positions - structure.positions.mean(axis=0)))


class Collapsing(planted.PairEngine):
    """Answers NaN after a while."""

    calls = 0

    def one(self, structure: Structure) -> Prediction:
        self.calls += 1
        exact = super().one(structure)
        return exact if self.calls < 8 else Prediction(float("nan"), exact.forces)


@pytest.mark.parametrize("engine", [Explosive, Collapsing])
def test_a_run_that_falls_apart_ends_and_says_when(engine):
    log = run_nve(engine(), planted.ethanol(), 1000)
    assert log.unstable_at is not None
    assert log.unstable_at < 100
    assert np.isfinite(log.total).all()


def test_a_run_of_ase_that_falls_apart_ends_and_says_when():
    log = short_nve(Calculator(Explosive()), to_ase(planted.ethanol()), 1000)
    assert log.unstable_at is not None
    assert log.model == "pairs"


def test_a_step_that_is_not_finite_names_the_model():
    engine = Collapsing()
    state = start(engine, planted.ethanol(), 10.0)
    while engine.calls < 7:
        state = make_step(engine, state, Dynamics(0.5))
    with pytest.raises(Diverged, match=r"pairs.*0\.5 fs.*step 7"):
        make_step(engine, state, Dynamics(0.5))


@pytest.mark.parametrize(("steps", "dt", "every"), [(0, 0.5, 1), (5, 0.0, 1), (5, 0.5, 0), (5, float("nan"), 1)])
def test_impossible_numbers_are_refused(steps, dt, every):
    with pytest.raises(UsageError, match="positive"):
        run_nve(planted.PairEngine(), planted.ethanol(), steps, dt=dt, every=every)


def test_a_negative_temperature_is_refused():
    with pytest.raises(UsageError, match="-5"):
        run_nve(planted.PairEngine(), planted.ethanol(), 5, temperature=-5)


def test_stability_sees_bonds_heat_and_what_is_not_finite():
    molecule = planted.ethanol()
    bonds = reference(molecule, 300.0)
    assert len(bonds.pairs) == 8
    assert not is_unstable(bonds, molecule.positions + 5.0, 300.0)
    stretched = molecule.positions.copy()
    stretched[8] += 0.8 * (stretched[8] - stretched[0]) / np.linalg.norm(stretched[8] - stretched[0])
    assert is_unstable(bonds, stretched, 300.0)
    assert is_unstable(bonds, molecule.positions, 10_400.0)
    assert is_unstable(bonds, molecule.positions * np.nan, 300.0)


def test_bonds_across_the_boundary_are_bonds():
    box = Structure(np.array([8, 1]), np.array([[0.1, 0, 0], [9.2, 0, 0]]), np.eye(3) * 10, np.ones(3, bool))
    bonds = reference(box, 300.0)
    assert bonds.lengths == pytest.approx([0.9])
    assert not is_unstable(bonds, box.positions + np.array([[0, 0, 0], [0.3, 0, 0]]), 300.0)
    assert is_unstable(bonds, box.positions - np.array([[0, 0, 0], [0.9, 0, 0]]), 300.0)
