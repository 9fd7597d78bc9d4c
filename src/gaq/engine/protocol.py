"""The common interface of engines for calculators, dynamics and measurements.

A feature of only some engines is a capability: a separate protocol, checked with `isinstance`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from gaq.atoms.structure import Prediction, Structure


class Engine(Protocol):
    """Predicts energies and forces.

    `evaluate` returns one prediction per structure, in order. It raises `UnsupportedElement` and
    `BadStructure`. If all structures of a list are rotated, they are computed in the same batches: only the
    geometry differs.
    """

    name: str  # "torch", "native", "ase"
    model: str  # name of the model in rows, usually its file name
    recipe: str  # name of the recipe, "fp32" for a float model
    cutoff: float | None  # Å; None if unknown
    species: frozenset[int]  # supported atomic numbers; empty if unknown

    def evaluate(self, structures: Sequence[Structure]) -> list[Prediction]: ...


class Model(Engine, Protocol):
    """A force field of gaq, from a checkpoint (PyTorch) or a packed file (native): what `gaq.load` returns.

    It evaluates structures, is accepted wherever an `Engine` is (`gaq.Calculator`, `gaq.measure`), and can be written:
    `gaq.save` writes the file it was read from, `gaq.export` a packed file.
    """

    def save(self, path: str | Path) -> None:
        """Write the file that `gaq.load` reads back as the same model, a checkpoint or a packed file."""


@runtime_checkable
class GivesVirial(Protocol):
    """Predictions have virials if `gives_virial` is true."""

    gives_virial: bool


@runtime_checkable
class Batched(Protocol):
    """Computes a list of structures in batches; `batches` returns (start, stop) of each."""

    def batches(self, structures: Sequence[Structure]) -> list[tuple[int, int]]: ...


@runtime_checkable
class EvaluatesLists(Protocol):
    """Computes several lists at once, with the same batches as separate calls."""

    def evaluate_lists(
        self, lists: Sequence[Sequence[Structure]], on_progress: Callable[[int], None]
    ) -> list[list[Prediction]]: ...


@runtime_checkable
class Sized(Protocol):
    """Reports the sizes of its model, such as weight_bytes and bits_per_weight."""

    def footprint(self) -> dict[str, float]: ...


@runtime_checkable
class HasGolden(Protocol):
    """Its model contains structures with known predictions."""

    def golden_structures(self) -> list[Structure]: ...


@runtime_checkable
class WatchesDomain(Protocol):
    """It warns of structures unlike its training data, or refuses them."""

    def unwatched(self) -> Engine:
        """Return the same model as an engine that does neither."""


@runtime_checkable
class HasInstructions(Protocol):
    """Machine code for these instructions of the processor."""

    isa: str


@runtime_checkable
class HasBackwardBits(Protocol):
    """Products in the backward pass have this precision; 32 is float."""

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
    """Return the instruction set of the engine; None if it does not report one."""
    return engine.isa if isinstance(engine, HasInstructions) else None


def backward_bits_of(engine: Engine) -> int | None:
    """Return the bits of products in the backward pass; None for a float backward pass."""
    return engine.backward_bits if isinstance(engine, HasBackwardBits) else None


def footprint_of(engine: Engine) -> dict[str, float]:
    """Return the sizes that the engine reports; empty if it reports none."""
    return engine.footprint() if isinstance(engine, Sized) else {}
