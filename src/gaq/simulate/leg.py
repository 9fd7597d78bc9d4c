"""A leg of a run: steps that are made in one go, anywhere, and the states on the way that somebody wants to see.

It begins and ends where the engine builds its list of neighbours anew, so that whoever makes the next one, and with
whatever engine of the same model, goes on bit for bit.
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
    """Where it begins, how it moves, and where to stop."""

    start: MotionState
    dynamics: Dynamics
    stops: Stops
    seconds: float  # it ends at the first step that a run can be taken up at, after so long a time


@dataclass(frozen=True, eq=False)
class Made:
    """The states at all stops that were reached; if a step could not be made, the state before it, and why."""

    states: tuple[MotionState, ...]
    broken: tuple[MotionState, str] | None = None


def make_leg(engine: Engine, leg: Leg) -> Made:
    """Return what becomes of a leg."""
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
    """Return the next step at which something is to be done."""
    last, *times = stops
    return min(last, *(step - step % n + n for n in (*times, REBUILD_STEPS)))
