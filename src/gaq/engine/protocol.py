"""The one interface that calculators, dynamics and measurements use, whatever stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gaq.atoms.structure import Prediction, Structure


class Engine(Protocol):
    """Something that predicts energies and forces.

    `evaluate` returns one prediction per structure, in order. It raises `UnsupportedElement` and
    `BadStructure`. The same list of structures, turned as a whole, is computed in the same batches: what
    differs is the geometry alone.
    """

    name: str  # "torch", "native", "ase"
    model: str  # what the rows of the ledger call the model, usually its file name
    recipe: str  # name of the recipe, "fp32" for a float model
    cutoff: float | None  # Å; None when the engine does not know one
    species: frozenset[int]  # atomic numbers it can evaluate; empty when it does not know

    def evaluate(self, structures: Sequence[Structure]) -> list[Prediction]: ...
