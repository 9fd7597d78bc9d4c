"""Replicas have names of their own, and come back in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaq.engine.motion import Mover
from gaq.simulate.replicas import replica_path, run_all
from unit.measure import planted


class Moving(planted.PairEngine):
    """Says that it makes steps itself."""

    def move(self, state, dynamics, steps):
        return state


def test_names():
    assert replica_path(Path("a/run.xyz"), 0, 1) == Path("a/run.xyz")
    assert replica_path(Path("a/run.xyz"), 2, 3) == Path("a/run-2.xyz")


@pytest.mark.parametrize("kind", [planted.PairEngine, Moving])
def test_endings_are_in_order(kind):
    engines = [kind() for _ in range(5)]
    assert isinstance(engines[0], Mover) == (kind is Moving)
    assert run_all(engines, lambda replica, engine: (replica, engine), 3) == list(enumerate(engines))


def test_an_error_of_one_is_raised():
    def fail(replica, engine):
        raise ValueError(f"replica {replica}")

    with pytest.raises(ValueError, match="replica 0"):
        run_all([Moving(), Moving()], fail, 2)
