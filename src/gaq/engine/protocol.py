"""The one interface that calculators, dynamics and measurements use, whatever stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
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


class Model(Engine, Protocol):
    """A force field of gaq, from a checkpoint (PyTorch) or a packed file (native): what `gaq.load` returns.

    It evaluates structures, goes wherever an `Engine` does (`gaq.Calculator`, `gaq.measure`), and can be written:
    `gaq.save` writes what was read, `gaq.export` a packed file.
    """

    def save(self, path: str | Path) -> None:
        """Write the file that `gaq.load` reads back as the same model, a checkpoint or a packed file."""
