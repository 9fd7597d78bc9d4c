"""A packed model as an `Engine`: the C++ library, without PyTorch."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from gaq.atoms.checks import check_species, check_structure
from gaq.atoms.structure import Prediction, Structure
from gaq.engine import _library as c
from gaq.engine._frames import FrameBuffers
from gaq.engine._moving import Moving, as_struct, checked_steps
from gaq.engine.motion import Dynamics, MotionState, Unstable
from gaq.engine.outside import refuse_outside, warn_outside
from gaq.errors import BadFile, BadStructure, GaqError, NotAvailable, NotFinite, UnsupportedElement
from gaq.files import readable_file, write_atomically

if TYPE_CHECKING:
    from gaq.pack.format import PackedModel

# A call ends after so many atoms, some tenths of a second: Ctrl-C is handled between calls.
ATOMS_PER_CALL = 4096
NAMELESS = "the file in memory"  # the library's name for a file passed as bytes

OUTSIDE = "outside of the training data: "  # beginning of the library's message

ERRORS: dict[int, type[GaqError]] = {
    c.BAD_FILE: BadFile,
    c.BAD_STRUCTURE: BadStructure,
    c.UNKNOWN_ELEMENT: UnsupportedElement,
}


class NativeEngine:
    """Energies (eV), forces (eV/Å) and virials (eV) of a packed model.

    Each engine has its own handle. Threads that share an engine wait for each other; separate engines run in parallel.
    After a fork the child opens its own. Results do not depend on `threads`.
    """

    name = "native"
    gives_virial = True

    def __init__(
        self,
        content: bytes,
        model: str,
        *,
        threads: int | None = None,
        backward_bits: int | None = None,
        skin: float | None = None,
        library: Path | None = None,
        strict: bool = False,
        watch: bool = True,
    ) -> None:
        """Open the bytes of a `.gaq` file, called `model` in rows.

        `backward_bits` (8, 16 or 32) overrides the precision of products in the backward pass, `skin` (Å, negative
        for none) the margin of the neighbour list beyond the cutoff, `library` the build of the engine.
        A structure unlike the training data is a warning (`OutsideWarning`, once), or with `strict` an error, and
        neither where `watch` is false. Raises `BadFile`, and `NotAvailable` without a library.
        """
        self.model, self._content = model, content
        self.strict, self.watch, self._warned = strict, watch, False
        self._asked: dict[str, Any] = {"threads": threads, "backward_bits": backward_bits, "skin": skin}
        self._asked |= {"library": library, "strict": strict, "watch": watch}
        self._frames = FrameBuffers(())
        self._open = _Handle(content, model, **self._asked)
        info = self._open.describe()
        self.recipe: str = info.recipe.decode()
        self.isa: str = info.isa.decode()
        self.threads = threads or 1
        self.backward_bits: int = info.backward_bits
        self.cutoff: float | None = info.cutoff
        self.species = frozenset(info.species[: info.species_count])

    @staticmethod
    def from_file(
        path: str | Path,
        *,
        threads: int | None = None,
        backward_bits: int | None = None,
        library: Path | None = None,
        strict: bool = False,
    ) -> NativeEngine:
        """Open a `.gaq` file. Raises `BadFile`, `NotAvailable`."""
        file = readable_file(path)
        return NativeEngine(
            file.read_bytes(),
            file.name,
            threads=threads,
            backward_bits=backward_bits,
            library=library,
            strict=strict,
        )

    def save(self, path: str | Path) -> None:
        """Write the packed file, byte for byte, under a temporary name and rename it. Raises `BadFile`."""
        write_atomically(path, lambda temporary: temporary.write_bytes(self._content))

    def evaluate(self, structures: Sequence[Structure]) -> list[Prediction]:
        """Return energies, forces, virials and atomic energies in order.

        Raises `BadStructure`, `UnsupportedElement`, and `NotFinite` for unusable results; `OutsideData` if strict.
        """
        handle = self._handle()
        predictions: list[Prediction] = []
        for start, stop in _calls(structures):
            with handle.lock:
                predictions += self._evaluate(handle, structures[start:stop], start)
        return predictions

    def move(self, state: MotionState, dynamics: Dynamics, steps: int) -> MotionState:
        """Run so many steps of dynamics in compiled code and return the state after them.

        Raises `Unstable` with the last good state, `UsageError` for a state or dynamics that do not fit together.
        """
        moving, settings, count = Moving(state), as_struct(dynamics), checked_steps(steps)
        handle = self._handle()
        with handle.lock:
            status = handle.move(moving, settings, count)
            sentence = handle.last_error()
        if status in (c.UNSTABLE, c.BAD_STRUCTURE):
            raise Unstable(self.model, dynamics, moving.state(), sentence)
        if status != c.OK:
            self._refuse([state.structure], 0, status, 0, sentence)
        self._warn(handle)
        return moving.state()

    def unwatched(self) -> NativeEngine:
        """Return another engine of the same file that says nothing of structures outside of the training data."""
        return NativeEngine(self._content, self.model, **self._asked | {"watch": False})

    def footprint(self) -> dict[str, float]:
        """Return the sizes of the file and its weights in bytes, and bits per weight including scales."""
        from gaq.pack.sizes import weight_bytes, weight_count

        packed = self._packed()
        weights = float(weight_bytes(packed))
        bits = 8 * weights / weight_count(packed)
        return {"file_bytes": float(len(self._content)), "weight_bytes": weights, "bits_per_weight": bits}

    def golden_structures(self) -> list[Structure]:
        """Return the golden structures of the file."""
        arrays = self._packed().arrays
        species = arrays["golden.species"].copy()
        return [Structure.molecule(species, positions.copy()) for positions in arrays["golden.positions"]]

    def golden_predictions(self) -> list[Prediction]:
        """Return the stored predictions for them."""
        arrays = self._packed().arrays
        pairs = zip(arrays["golden.energies"].tolist(), arrays["golden.forces"], strict=True)
        return [Prediction(energy, forces.copy()) for energy, forces in pairs]

    def _packed(self) -> PackedModel:
        from gaq.pack.format import from_bytes

        return from_bytes(self._content, self.model)

    def _evaluate(self, handle: _Handle, structures: Sequence[Structure], start: int) -> list[Prediction]:
        sizes = tuple(map(len, structures))
        if sizes != self._frames.sizes:
            self._frames = FrameBuffers(sizes)
        frames = self._frames
        if not frames.fill(structures):
            self._refuse(structures, start)
        status, failed = handle.run(frames)
        if status != c.OK:
            self._refuse(structures, start, status, failed, handle.last_error())
        self._warn(handle)
        return frames.predictions()

    def _warn(self, handle: _Handle) -> None:
        if self.watch and not self.strict and not self._warned and (sentence := handle.warning()):
            self._warned = True
            warn_outside(self.model, sentence)

    def _refuse(
        self,
        structures: Sequence[Structure],
        start: int,
        status: int = c.BAD_STRUCTURE,
        failed: int = 0,
        sentence: str = "it does not fit",
    ) -> NoReturn:
        """Raise the error of a status, with the message that all engines use, or the library's."""
        if status == c.NO_MEMORY:
            raise MemoryError(sentence)
        if status == c.OUTSIDE:
            refuse_outside(self.model, sentence.removeprefix(OUTSIDE), start + failed)
        if status == c.NOT_FINITE:
            raise NotFinite(f"{self.model}, structure {start + failed}: {sentence}")
        for index, structure in enumerate(structures, start):
            check_structure(structure, index)
            check_species(structure, self.species, self.model, index)
        if status in ERRORS:
            raise ERRORS[status](f"{self.model}, structure {start + failed}: {sentence}")
        raise RuntimeError(f"the native engine failed ({status}) on structure {start + failed}: {sentence}")

    def _handle(self) -> _Handle:
        if self._open.process != os.getpid():
            self._open = _Handle(self._content, self.model, **self._asked)
        return self._open

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._content, self.model, self._asked)


class _Handle:
    """An open engine of the library, valid in the process that opened it."""

    def __init__(
        self,
        content: bytes,
        model: str,
        threads: int | None,
        backward_bits: int | None,
        skin: float | None,
        library: Path | None,
        strict: bool,
        watch: bool,
    ) -> None:
        self.process, self.lock = os.getpid(), threading.Lock()
        self._pointer: int | None = None
        self._library = c.load_library(library)
        if self._library.gaq_isa() is None:
            forced = os.environ.get("GAQ_ISA", "")
            raise NotAvailable(
                f"GAQ_ISA={forced}: this machine, or this build of the engine, has no such instruction set. "
                f"Unset GAQ_ISA, or set it to scalar."
            )
        options = c.Options(threads or 1, backward_bits or 0, skin or 0.0, strict and watch)
        error = ctypes.create_string_buffer(c.ERROR_BYTES)
        self._pointer = self._library.gaq_open_bytes(content, len(content), options, error, c.ERROR_BYTES)
        if not self._pointer:
            raise BadFile(_named(_text(error.value), model))

    def describe(self) -> c.Info:
        info = c.Info()
        status = self._library.gaq_describe(self._pointer, info)
        if status != c.OK:
            raise RuntimeError(f"the native engine does not describe itself ({status}): {self.last_error()}")
        return info

    def run(self, frames: FrameBuffers) -> tuple[int, int]:
        """Return the status, and the index of the structure it is about."""
        if len(frames.sizes) == 1:
            return self._library.gaq_evaluate(self._pointer, frames.systems, frames.results), 0
        failed = ctypes.c_int64(0)
        count = len(frames.sizes)
        status = self._library.gaq_evaluate_batch(self._pointer, count, frames.systems, frames.results, failed)
        return status, failed.value

    def move(self, moving: Moving, dynamics: c.CDynamics, steps: int) -> int:
        return self._library.gaq_move(self._pointer, moving.system, dynamics, moving.motion, steps)

    def last_error(self) -> str:
        return _text(self._library.gaq_last_error(self._pointer))

    def warning(self) -> str:
        """Return the message about the first structure unlike the training data; empty if there was none."""
        return (self._library.gaq_warning(self._pointer) or b"").decode("utf-8", "replace")

    def __del__(self) -> None:
        # A child of fork() must not use its parent's handle: the threads it waits for do not exist there.
        if self._pointer and self.process == os.getpid():
            self._library.gaq_close(self._pointer)


def _again(content: bytes, model: str, asked: dict[str, Any]) -> NativeEngine:
    """Pickle and copy make a separate engine."""
    return NativeEngine(content, model, **asked)


def _calls(structures: Sequence[Structure]) -> Iterator[tuple[int, int]]:
    """Yield runs of structures of some thousand atoms; a larger structure is a call by itself."""
    start, atoms = 0, 0
    for index, structure in enumerate(structures):
        atoms += len(structure)
        if atoms >= ATOMS_PER_CALL or index == len(structures) - 1:
            yield start, index + 1
            start, atoms = index + 1, 0


def _named(sentence: str, model: str) -> str:
    """Replace the library's name for a file in memory by the file's name."""
    return sentence.replace(NAMELESS, model, 1) if NAMELESS in sentence else f"{model}: {sentence}"


def _text(sentence: bytes | None) -> str:
    return (sentence or b"without a word").decode("utf-8", "replace")
