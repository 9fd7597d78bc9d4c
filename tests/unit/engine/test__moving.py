"""A state that does not fit together is refused before C sees it, by a sentence that names what came."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from built import native_library
from gaq.engine._moving import Moving
from gaq.engine.motion import CSVR, LANGEVIN, Dynamics, MotionState, Thermostat
from gaq.engine.native import NativeEngine
from gaq.errors import BadStructure, GaqError, UsageError
from packed import file_of
from tiny import molecule

WATER = molecule("H2O")
ZEROS = np.zeros((3, 3))
STATE = MotionState(WATER, ZEROS, np.array([16.0, 1.0, 1.0]), -1.0, ZEROS)
BATH = Thermostat(LANGEVIN, 300.0, 100.0, 7, 6)


@pytest.fixture(scope="module")
def engine() -> NativeEngine:
    native_library()
    return NativeEngine(file_of(), "tiny.gaq")


STATES: dict[str, tuple[dict[str, Any], str]] = {
    "no energy": ({"energy": None}, "energy nan|energy 'None'"),
    "an energy of three": ({"energy": np.zeros(3)}, r"energy of shape \(3,\); expected a number"),
    "an energy that is none": ({"energy": float("nan")}, "energy nan; expected finite"),
    "forces of one atom": ({"forces": np.zeros((1, 3))}, r"forces of shape \(1, 3\); expected .* \(3, 3\)"),
    "forces in a row": ({"forces": np.zeros(9)}, r"forces of shape \(9,\)"),
    "no forces": ({"forces": None}, "forces"),
    "words": ({"forces": np.array([["a"] * 3] * 3)}, "forces"),
    "velocities of none": ({"velocities": np.zeros((0, 3))}, r"velocities of shape \(0, 3\)"),
    "infinite velocities": ({"velocities": np.full((3, 3), np.inf)}, "velocities inf at atom 0"),
    "one mass": ({"masses": np.ones(1)}, r"masses of shape \(1,\)"),
    "a mass of zero": ({"masses": np.zeros(3)}, "masses that are not positive"),
    "a mass that is none": ({"masses": np.array([1, np.nan, 1])}, "masses nan at atom 1"),
    "a step before the first": ({"step": -1}, "step is -1"),
    "half a step": ({"step": 0.5}, "step is 0.5"),
    "a step beyond counting": ({"step": 2**63}, "step is"),
    "endless heat": ({"heat": np.inf}, "heat inf"),
}


@pytest.mark.parametrize("name", STATES)
def test_a_state_that_does_not_fit(engine, name):
    change, sentence = STATES[name]
    with pytest.raises(UsageError, match=sentence):
        engine.move(replace(STATE, **change), Dynamics(0.5), 1)


@pytest.mark.parametrize(
    "change",
    [
        {"positions": np.zeros((1, 3))},
        {"positions": np.zeros(9)},
        {"species": np.array([8, 1, 2**40])},
        {"species": np.array([8.0, 1.0, 1.0])},
        {"species": np.array([], dtype=int)},
        {"cell": np.zeros(3)},
        {"periodic": np.zeros(2, dtype=bool)},
        {"periodic": np.array([0, 1, 7])},
        {"positions": np.full((3, 3), 1j)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_structure_that_does_not_fit(engine, change):
    structure = replace(WATER, **change)
    with pytest.raises(BadStructure, match="expected|no atoms"):
        engine.move(replace(STATE, structure=structure), Dynamics(0.5), 1)
    with pytest.raises(BadStructure, match="expected|no atoms"):
        engine.evaluate([structure])


@pytest.mark.parametrize(
    "dynamics",
    [
        Dynamics(float("nan")),
        Dynamics(None),  # type: ignore[arg-type]
        Dynamics("1"),  # type: ignore[arg-type]
        Dynamics(0.5, replace(BATH, kind="nose")),
        Dynamics(0.5, replace(BATH, seed=-1)),
        Dynamics(0.5, replace(BATH, seed=2**64)),
        Dynamics(0.5, replace(BATH, relaxation=float("inf"))),
        Dynamics(0.5, replace(BATH, temperature=float("nan"))),
        Dynamics(0.5, replace(BATH, kind=CSVR, freedom=-3)),
        Dynamics(0.5, replace(BATH, freedom=2**40)),
    ],
)
def test_dynamics_outside_their_range(engine, dynamics):
    with pytest.raises(UsageError):
        engine.move(STATE, dynamics, 1)


@pytest.mark.parametrize("steps", [-1, 1.5, None, 2**63, True])
def test_steps_that_are_no_count(engine, steps):
    with pytest.raises(UsageError, match="steps is"):
        engine.move(STATE, Dynamics(0.5), steps)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64])
def test_any_order_and_kind_of_numbers_will_do(engine, order, kind):
    """The negative control: what can be copied into C's buffers is."""
    velocities = np.asarray(ZEROS + 0.0, dtype=kind, order=order)
    (found,) = engine.evaluate([WATER])
    state = replace(STATE, velocities=velocities[::1], energy=np.float32(0), forces=found.forces[::-1][::-1])
    moved = engine.move(state, Dynamics(0.5), 3)
    assert moved.step == 3
    assert np.isfinite(moved.energy)


def test_the_buffers_are_copies():
    moving = Moving(STATE)
    moving._velocities[:] = 7
    assert not STATE.velocities.any()


def test_every_refusal_is_an_error_of_ours():
    for error in (UsageError, BadStructure):
        assert issubclass(error, GaqError)
