"""An engine whose structures are evaluated on a farm, by copies of it.

Lists are cut where the engine itself would cut them into batches, so that every number is the one it would give here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gaq.atoms.checks import check_species, check_structure
from gaq.atoms.structure import Prediction, Structure
from gaq.engine.protocol import Batched, Engine, footprint_of, unwatched
from gaq.errors import GaqError
from gaq.farm.protocol import Farm, collect

STRUCTURES_PER_JOB = 64  # of an engine that computes each structure on its own
EvaluateJob = tuple[
    int, tuple[Structure, ...]
]  # the number of its first structure in the caller's list, and the structures


class FarmedEngine:
    """Looks like the engine behind it. Fewer structures than `least` are evaluated here."""

    def __init__(self, engine: Engine, farm: Farm, least: int = 1) -> None:
        self._engine, self._farm, self._least = engine, farm, least
        self.name, self.model, self.recipe = engine.name, engine.model, engine.recipe
        self.cutoff, self.species = engine.cutoff, engine.species

    def evaluate(self, structures: Sequence[Structure]) -> list[Prediction]:
        """Return predictions in order; raises `BadStructure` and `UnsupportedElement`."""
        (found,) = self.evaluate_lists([structures])
        return found

    def evaluate_lists(
        self, lists: Sequence[Sequence[Structure]], on_progress: Callable[[int], None] = lambda count: None
    ) -> list[list[Prediction]]:
        """Return what `evaluate` gives for each of several lists, all at once; `on_progress` hears how many more are
        done.
        """
        if sum(map(len, lists)) < self._least:
            return [self._here(structures, on_progress) for structures in lists]
        jobs: list[EvaluateJob] = []
        for structures in lists:
            for index, structure in enumerate(structures):  # here, where their numbers are known
                check_structure(structure, index)
                check_species(structure, self.species, self.model, index)
            jobs += [(start, tuple(structures[start:stop])) for start, stop in self._cuts(structures)]
        pieces = collect(self._farm, evaluate_job, self._engine, jobs, lambda place: on_progress(len(jobs[place][1])))
        flat = iter([prediction for piece in pieces for prediction in piece])
        return [[next(flat) for _ in structures] for structures in lists]

    def unwatched(self) -> FarmedEngine:
        """Return the same for copies of the engine that say nothing of structures outside of the training data."""
        return FarmedEngine(unwatched(self._engine), self._farm, self._least)

    def footprint(self) -> dict[str, float]:
        """Return the sizes that the engine knows of itself."""
        return footprint_of(self._engine)

    def _here(self, structures: Sequence[Structure], on_progress: Callable[[int], None]) -> list[Prediction]:
        found = self._engine.evaluate(structures)
        on_progress(len(found))
        return found

    def _cuts(self, structures: Sequence[Structure]) -> list[tuple[int, int]]:
        if isinstance(self._engine, Batched):
            return self._engine.batches(structures)
        count = len(structures)
        return [(start, min(start + STRUCTURES_PER_JOB, count)) for start in range(0, count, STRUCTURES_PER_JOB)]


def evaluate_job(engine: Engine, job: EvaluateJob) -> list[Prediction]:
    """Return what a worker process does. An error counts structures from the job's first, so it says which one that
    is.
    """
    first, structures = job
    try:
        return engine.evaluate(structures)
    except GaqError as error:
        raise type(error)(f"counted from structure {first}: {error}" if first else str(error)) from error
