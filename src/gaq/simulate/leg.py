"""A leg of a run: steps made in one call, anywhere, and the states to record on the way.

It begins and ends where the engine rebuilds its neighbour list, so that the next leg continues bit for bit with any
engine of the same model.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from gaq.engine.motion import REBUILD_STEPS, Dynamics, MotionState, Unstable
from gaq.engine.protocol import Engine
from gaq.simulate.integrate import advance

Stops = tuple[int, int, int]  # the last step, steps between frames, steps between records


@dataclass(frozen=True, eq=False)
class Leg:
    """Start, dynamics and stops of a leg."""

    start: MotionState
    dynamics: Dynamics
    stops: Stops
    seconds: float  # it ends at the first resumable step after this time


@dataclass(frozen=True, eq=False)
class Made:
    """The states at all stops reached; if a step failed, the state before it, and why."""

    states: tuple[MotionState, ...]
    broken: tuple[MotionState, str] | None = None


def make_leg(engine: Engine, leg: Leg) -> Made:
    """Run a leg."""
    began, state, states = time.monotonic(), leg.start, list[MotionState]()
    while state.step < leg.stops[0]:
        try:
            state = advance(engine, state, leg.dynamics, next_stop(state.step, leg.stops) - state.step)
        except Unstable as broken:
            return Made(tuple(states), (broken.last, str(broken)))
        states.append(state)
        if state.step % REBUILD_STEPS == 0 and time.monotonic() - began > leg.seconds:
            break
    return Made(tuple(states))


def next_stop(step: int, stops: Stops) -> int:
    """Return the next stop."""
    last, *times = stops
    return min(last, *(step - step % n + n for n in (*times, REBUILD_STEPS)))
