"""An engine whose structures are evaluated by copies of it on a farm.

Lists are cut where the engine itself would cut them into batches, so that all bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gaq.atoms.checks import check_species, check_structure
from gaq.atoms.structure import Prediction, Structure
from gaq.engine.protocol import Batched, Engine, footprint_of, unwatched
from gaq.errors import GaqError
from gaq.farm.protocol import Farm, collect

STRUCTURES_PER_JOB = 64  # for engines that compute structures one by one
EvaluateJob = tuple[int, tuple[Structure, ...]]  # index of its first structure in the caller's list, and the structures


class FarmedEngine:
    """Wraps an engine. Fewer structures than `least` are evaluated locally."""

    def __init__(self, engine: Engine, farm: Farm, least: int = 1) -> None:
        self._engine, self._farm, self._least = engine, farm, least
        self.name, self.model, self.recipe = engine.name, engine.model, engine.recipe
        self.cutoff, self.species = engine.cutoff, engine.species

    def evaluate(self, structures: Sequence[Structure]) -> list[Prediction]:
        """Return predictions in order. Raises `BadStructure` and `UnsupportedElement`."""
        (found,) = self.evaluate_lists([structures])
        return found

    def evaluate_lists(
        self, lists: Sequence[Sequence[Structure]], on_progress: Callable[[int], None] = lambda count: None
    ) -> list[list[Prediction]]:
        """Return the predictions of several lists at once; `on_progress` receives the number of finished structures."""
        if sum(map(len, lists)) < self._least:
            return [self._here(structures, on_progress) for structures in lists]
        jobs: list[EvaluateJob] = []
        for structures in lists:
            for index, structure in enumerate(structures):  # here, where indices are those of the caller
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
        """Return the sizes that the engine reports."""
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
    """Run a job in a worker process. Errors count structures from the first one of the whole list."""
    first, structures = job
    try:
        return engine.evaluate(structures)
    except GaqError as error:
        raise type(error)(f"counted from structure {first}: {error}" if first else str(error)) from error
