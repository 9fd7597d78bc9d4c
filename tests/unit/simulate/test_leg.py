"""Legs: where they stop, and that a run in legs is the run."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.engine.motion import REBUILD_STEPS, Dynamics, Thermostat
from gaq.errors import BadStructure
from gaq.simulate.integrate import advance, start
from gaq.simulate.leg import Leg, make_leg, next_stop
from unit.measure import planted


@pytest.fixture
def engine():
    return planted.PairEngine()


def test_stops():
    assert [next_stop(step, (120, 50, 30)) for step in (0, 29, 30, 50, 60, 90, 100, 119)] == [
        *(30, 30, 50, 60, 90, 100, 120, 120)
    ]


def test_a_run_in_legs_is_the_run(engine):
    (structure,) = planted.ethanols(1)
    first = start(engine, structure, 300.0, seed=3)
    dynamics, stops = Dynamics(0.5, Thermostat("langevin", 300.0, 100.0, 1, 24)), (230, 70, 50)
    whole = make_leg(engine, Leg(first, dynamics, stops, 600.0))
    assert [s.step for s in whole.states] == [50, 70, 100, 140, 150, 200, 210, 230]
    state, states = first, []
    while state.step < 230:
        made = make_leg(engine, Leg(state, dynamics, stops, 0.0))
        states += made.states
        state = states[-1]
        assert state.step % REBUILD_STEPS == 0 or state.step == 230
    for one, other in zip(whole.states, states, strict=True):
        np.testing.assert_array_equal(one.structure.positions, other.structure.positions)
        np.testing.assert_array_equal(one.velocities, other.velocities)
    alone = advance(engine, first, dynamics, 230)
    np.testing.assert_array_equal(alone.structure.positions, state.structure.positions)


class Breaking(planted.PairEngine):
    """Refuses the thirteenth structure it is shown."""

    shown = 0

    def evaluate(self, structures):
        self.shown += 1
        if self.shown == 13:
            raise BadStructure("atoms coincide")
        return super().evaluate(structures)


def test_a_step_that_cannot_be_made():
    (structure,) = planted.ethanols(1)
    engine = Breaking()
    first = start(engine, structure, 300.0, seed=3)
    made = make_leg(engine, Leg(first, Dynamics(0.5), (1000, 5, 5), 600.0))
    assert [state.step for state in made.states] == [5, 10]
    assert made.broken is not None
    last, why = made.broken
    assert last.step == 11
    assert "step 12: atoms coincide" in why
