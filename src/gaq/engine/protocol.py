"""The one interface that calculators, dynamics and measurements use, whatever stands behind it.

What only some engines can do is a capability, a protocol of its own that `isinstance` checks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

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


@runtime_checkable
class GivesVirial(Protocol):
    """Its predictions have virials, if `gives_virial` is true."""

    gives_virial: bool


@runtime_checkable
class Batched(Protocol):
    """It computes a list of structures in batches and says where it cuts: (start, stop) of each."""

    def batches(self, structures: Sequence[Structure]) -> list[tuple[int, int]]: ...


@runtime_checkable
class EvaluatesLists(Protocol):
    """It computes several lists at once, each in the batches of a call of its own."""

    def evaluate_lists(
        self, lists: Sequence[Sequence[Structure]], on_progress: Callable[[int], None]
    ) -> list[list[Prediction]]: ...


@runtime_checkable
class Sized(Protocol):
    """It knows the sizes of its model: weight_bytes, bits_per_weight and such."""

    def footprint(self) -> dict[str, float]: ...


@runtime_checkable
class HasGolden(Protocol):
    """Its model carries structures for which predictions are known."""

    def golden_structures(self) -> list[Structure]: ...


@runtime_checkable
class WatchesDomain(Protocol):
    """It warns of structures unlike its training data, or refuses them."""

    def unwatched(self) -> Engine:
        """Return the same model as an engine that does neither."""


@runtime_checkable
class HasInstructions(Protocol):
    """It is machine code for these instructions of the processor."""

    isa: str


@runtime_checkable
class HasBackwardBits(Protocol):
    """Products in its backward pass have this precision; 32 is float."""

    backward_bits: int


def gives_virial(engine: Engine) -> bool:
    """Return whether predictions of the engine have virials."""
    return isinstance(engine, GivesVirial) and engine.gives_virial


def unwatched(engine: Engine) -> Engine:
    """Return an engine for structures that leave the training data on purpose.

    It neither warns of them nor refuses them; the given engine keeps its one warning for structures that matter.
    """
    return engine.unwatched() if isinstance(engine, WatchesDomain) else engine


def isa_of(engine: Engine) -> str | None:
    """Return the instructions that the engine uses; None for one that does not say."""
    return engine.isa if isinstance(engine, HasInstructions) else None


def backward_bits_of(engine: Engine) -> int | None:
    """Return bits of the products in the backward pass; None for an engine whose backward pass is in float."""
    return engine.backward_bits if isinstance(engine, HasBackwardBits) else None


def footprint_of(engine: Engine) -> dict[str, float]:
    """Return the sizes that the engine knows of its model; empty for one that knows none."""
    return engine.footprint() if isinstance(engine, Sized) else {}
