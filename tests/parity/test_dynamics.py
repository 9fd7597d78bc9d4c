"""Compiled dynamics is the dynamics of simulate/integrate.py, to the last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from built import native_library
from gaq.atoms.structure import Structure
from gaq.engine.motion import CSVR, LANGEVIN, REBUILD_STEPS, Dynamics, MotionState, Thermostat, Unstable
from gaq.engine.native import NativeEngine
from gaq.quant.install import preset
from gaq.simulate.integrate import advance, make_step, start
from packed import file_of
from tiny import box, molecule

THERMOSTATS = (None, LANGEVIN, CSVR)
DT = 0.02  # fs: random networks hold no molecule together


@pytest.fixture(params=["fp32", "frame-w4a8"])
def engine(request) -> NativeEngine:
    native_library()
    recipe = None if request.param == "fp32" else preset(request.param)
    return NativeEngine(file_of(recipe), "tiny.gaq")


def dynamics_of(kind: str | None, state: MotionState, seed: int = 2**63 + 11) -> Dynamics:
    if kind is None:
        return Dynamics(DT)
    return Dynamics(DT, Thermostat(kind, 250.0, 3.0, seed, 3 * len(state.structure) - 6))


def step_by_step(engine: NativeEngine, state: MotionState, dynamics: Dynamics, steps: int) -> MotionState:
    for _ in range(steps):
        state = make_step(engine, state, dynamics)
    return state


def same(one: MotionState, two: MotionState) -> bool:
    pairs = (
        (one.structure.positions, two.structure.positions),
        (one.velocities, two.velocities),
        (one.forces, two.forces),
    )
    numbers = (one.energy, one.heat, one.step) == (two.energy, two.heat, two.step)
    return numbers and all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("kind", THERMOSTATS)
@pytest.mark.parametrize("subject", ["molecule", "box"])
def test_compiled_steps_are_those_of_python(engine, kind, subject):
    structure = molecule("CH3CH2OH") if subject == "molecule" else box()
    state = start(engine, structure, 300.0, seed=4)
    dynamics = dynamics_of(kind, state)
    compiled, plain = advance(engine, state, dynamics, 230), step_by_step(engine, state, dynamics, 230)
    assert same(compiled, plain)
    assert not np.array_equal(compiled.structure.positions, structure.positions)


@pytest.mark.parametrize("kind", THERMOSTATS)
def test_masses_and_fixed_atoms_are_those_of_python(engine, kind):
    structure, fixed = molecule("CH3CH2OH"), np.arange(9) % 4 == 1
    masses = np.linspace(1.0, 20.0, 9)
    state = start(engine, structure, 300.0, seed=4, masses=masses, fixed=fixed)
    dynamics = dynamics_of(kind, state)
    compiled, plain = advance(engine, state, dynamics, 230), step_by_step(engine, state, dynamics, 230)
    assert same(compiled, plain)
    assert np.array_equal(compiled.structure.positions[fixed], structure.positions[fixed])
    assert (compiled.structure.positions[~fixed] != structure.positions[~fixed]).any(axis=1).all()
    assert np.isfinite(compiled.heat)
    usual = start(engine, structure, 300.0, seed=4)
    assert not same(compiled, advance(engine, usual, dynamics, 230))


@pytest.mark.parametrize("kind", [LANGEVIN, CSVR])
def test_another_seed_is_another_run(engine, kind):
    """The control: noise that Python and the library drew differently would be seen."""
    state = start(engine, molecule("CH3CH2OH"), 300.0)
    one = advance(engine, state, dynamics_of(kind, state), 5)
    assert not same(one, step_by_step(engine, state, dynamics_of(kind, state, seed=12), 5))
    assert not same(one, step_by_step(engine, state, replace(dynamics_of(kind, state), dt=DT * 1.000001), 5))


@pytest.mark.parametrize("kind", THERMOSTATS)
def test_a_run_in_pieces_is_the_same_run(engine, kind):
    state = start(engine, molecule("CH3CH2OH"), 300.0)
    dynamics = dynamics_of(kind, state)
    whole, pieces = advance(engine, state, dynamics, 120), state
    for steps in (1, 49, 0, 50, 20):
        pieces = advance(engine, pieces, dynamics, steps)
    assert same(whole, pieces)


def test_a_large_system_goes_on_bit_for_bit_from_where_lists_are_built():
    """Beyond 256 atoms the order in memory follows from the list, hence from when it was built."""
    native_library()
    content = file_of()
    many = [
        molecule("CH3CH2OH", seed).positions + 6.0 * np.array([seed % 4, seed // 4 % 4, seed // 16])
        for seed in range(40)
    ]
    structure = Structure.molecule(np.tile(molecule("CH3CH2OH").species, 40), np.concatenate(many))
    first = NativeEngine(content, "tiny.gaq")
    state = start(first, structure, 2000.0)
    steps = REBUILD_STEPS + 40
    whole = advance(first, state, Dynamics(DT), steps)
    halfway = advance(NativeEngine(content, "tiny.gaq"), state, Dynamics(DT), REBUILD_STEPS)
    fresh = NativeEngine(content, "tiny.gaq")
    assert same(advance(fresh, halfway, Dynamics(DT), steps - REBUILD_STEPS), whole)
    # The control: taken up where no list is built, round-off differs.
    early = advance(NativeEngine(content, "tiny.gaq"), state, Dynamics(DT), REBUILD_STEPS - 50)
    assert not same(advance(NativeEngine(content, "tiny.gaq"), early, Dynamics(DT), steps - REBUILD_STEPS + 50), whole)


def test_back_in_time_leads_to_where_it_began():
    """Velocity Verlet is reversible: what is not exact is round-off."""
    native_library()
    engine = NativeEngine(file_of(), "tiny.gaq")
    first = start(engine, molecule("CH3CH2OH"), 300.0)
    there = advance(engine, first, Dynamics(DT), 100)
    back = advance(engine, replace(there, velocities=-there.velocities), Dynamics(DT), 100)
    moved = np.abs(there.structure.positions - first.structure.positions).max()
    assert np.abs(back.structure.positions - first.structure.positions).max() < 1e-5 * moved


@pytest.mark.parametrize("kind", THERMOSTATS)
def test_a_step_that_cannot_be_made_leaves_the_one_before(engine, kind):
    """Both ways stop at the same step in the same state."""
    state = start(engine, molecule("CH3CH2OH"), 300.0)
    wild = replace(dynamics_of(kind, state), dt=1e120)
    ends = []
    for move in (advance, step_by_step):
        with pytest.raises(Unstable, match="step") as broken:
            move(engine, state, wild, 50)
        ends.append(broken.value.last)
    assert same(*ends)
    assert np.isfinite(ends[0].structure.positions).all()
    assert ends[0].step < 50


def test_atoms_that_meet_end_the_run(engine):
    """Two atoms shot at each other so that they coincide after one step."""
    structure = Structure.molecule([8, 8], [[0, 0, 0], [2.0, 0, 0]])
    state = start(engine, structure, 0.0)
    speed = np.array([[2.0, 0, 0], [0, 0, 0]])
    with pytest.raises(Unstable, match="step 1"):
        advance(engine, replace(state, velocities=speed, forces=np.zeros((2, 3))), Dynamics(1.0), 3)
