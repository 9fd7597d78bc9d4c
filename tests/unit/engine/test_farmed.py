"""An engine on a farm gives what it gives here, and says the same of what does not fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaq.engine.farmed import STRUCTURES_PER_JOB, FarmedEngine, evaluate_job
from gaq.errors import BadStructure, NotFinite, UnsupportedElement
from unit.measure import planted


class Here:
    """Carries out jobs at once, the last first, and keeps them."""

    def __init__(self) -> None:
        self.jobs: list[tuple] = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def run(self, work, shared, jobs, on_result):
        assert work is evaluate_job
        self.jobs += jobs
        for place in reversed(range(len(jobs))):
            on_result(place, work(shared, jobs[place]))


class Batched(planted.PairEngine):
    """An engine that computes two structures together."""

    def batches(self, structures):
        return [(start, min(start + 2, len(structures))) for start in range(0, len(structures), 2)]


def same(one, other):
    assert [p.energy for p in one] == [p.energy for p in other]
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.forces, b.forces)


def test_lists_are_cut_and_put_together():
    engine, farm, structures = planted.PairEngine(), Here(), planted.ethanols(STRUCTURES_PER_JOB + 3)
    told: list[int] = []
    found = FarmedEngine(engine, farm).evaluate_lists([structures, structures[:2], ()], told.append)
    assert [len(structures) for _, structures in farm.jobs] == [STRUCTURES_PER_JOB, 3, 2]
    assert sum(told) == STRUCTURES_PER_JOB + 5
    same(found[0], engine.evaluate(structures))
    same(found[1], engine.evaluate(structures[:2]))
    assert found[2] == []


def test_an_engine_says_where_its_lists_are_cut():
    farm = Here()
    FarmedEngine(Batched(), farm).evaluate(planted.ethanols(5))
    assert [len(structures) for _, structures in farm.jobs] == [2, 2, 1]


def test_few_structures_stay_here():
    farm, structures = Here(), planted.ethanols(5)
    found = FarmedEngine(planted.PairEngine(), farm, least=6).evaluate(structures)
    assert farm.jobs == []
    same(found, planted.PairEngine().evaluate(structures))


def test_what_does_not_fit_is_told_by_its_number_in_the_list():
    structures = list(planted.ethanols(STRUCTURES_PER_JOB + 3))
    structures[-1] = structures[-1].moved(np.full((9, 3), np.nan))
    with pytest.raises(BadStructure, match=f"Structure {STRUCTURES_PER_JOB + 2}"):
        FarmedEngine(planted.PairEngine(), Here()).evaluate(structures)
    farmed = FarmedEngine(planted.PairEngine(), Here())
    farmed.species = frozenset({1, 6, 8})
    structures[-1] = replace(structures[0], species=np.full(9, 7))
    with pytest.raises(UnsupportedElement, match=f"Structure {STRUCTURES_PER_JOB + 2}"):
        farmed.evaluate(structures)


def test_what_only_the_engine_can_refuse_says_where_its_job_begins():
    class Refusing(planted.PairEngine):
        def evaluate(self, structures):
            for index, structure in enumerate(structures):
                if structure.positions[0, 0] > 50:
                    raise NotFinite(f"planted, structure {index}: atom 0 has a force of nan eV/Å")
            return super().evaluate(structures)

    structures = list(planted.ethanols(STRUCTURES_PER_JOB + 3))
    far = structures[0].moved(structures[0].positions + 100)
    for place, words in (
        (STRUCTURES_PER_JOB + 1, f"^counted from structure {STRUCTURES_PER_JOB}: .*structure 1:"),
        (2, "^planted, structure 2:"),
    ):
        with pytest.raises(NotFinite, match=words):
            FarmedEngine(Refusing(), Here()).evaluate([*structures[:place], far, *structures[place + 1 :]])
