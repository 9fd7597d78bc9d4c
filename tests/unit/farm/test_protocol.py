"""Results in order, each once, whatever order they come in."""

from __future__ import annotations

import pytest

from gaq.farm.protocol import collect


class Shuffled:
    """Carries out jobs at once, and hands their results over in the order of `places`."""

    def __init__(self, *places: int) -> None:
        self.places = places

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def run(self, work, shared, jobs, on_result):
        for place in self.places:
            on_result(place, work(shared, jobs[place]))


def add(shared: int, job: int) -> int:
    return shared + job


def test_results_stand_in_the_order_of_the_jobs():
    told: list[int] = []
    assert collect(Shuffled(2, 0, 1), add, 10, [1, 2, 3], told.append) == [11, 12, 13]
    assert told == [2, 0, 1]
    assert collect(Shuffled(), add, 10, []) == []


def test_a_result_that_comes_twice_or_never():
    with pytest.raises(RuntimeError, match="job 1 arrived twice"):
        collect(Shuffled(1, 1, 0), add, 0, [1, 2])
    with pytest.raises(RuntimeError, match=r"jobs \[0, 2\] did not arrive"):
        collect(Shuffled(1), add, 0, [1, 2, 3])
