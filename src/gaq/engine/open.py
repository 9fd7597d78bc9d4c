"""From a file name to an engine: the only place that knows all kinds of model files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaq.engine.protocol import Engine, Model
from gaq.errors import NotAvailable, UsageError, nearest
from gaq.extras import expect_torch
from gaq.files import readable_file
from gaq.formats.container import LONGEST_HEADER, METADATA
from gaq.pack.format import BACKWARD_BITS, FORMAT

if TYPE_CHECKING:
    from gaq.engine.native import NativeEngine


@dataclass(frozen=True)
class OpenOptions:
    """How an engine is opened: the arguments of `open_engine`."""

    device: str = "cpu"
    threads: int | None = None
    backward_bits: int | None = None
    strict: bool = False


def open_engine(
    path: str | Path,
    *,
    engine: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
    backward_bits: int | None = None,
    strict: bool = False,
) -> Model:
    """Return the engine of a packed file (native) or a checkpoint (PyTorch). Raises `BadFile`, `UsageError`,
    `NotAvailable`.

    `engine` forces one: `native` packs a checkpoint in memory, as `gaq export` would. `threads` limits the threads of
    the engine; in PyTorch this and the device hold for the whole process. `backward_bits` (8, 16 or 32 for float) sets
    the precision of the native engine's backward pass (default: the file's).
    A structure unlike the training data is a warning, or with `strict` an error.
    """
    asked = known_engine(engine)
    file = readable_file(path)
    packed = is_packed(file)
    name = asked or ("native" if packed else "torch")
    return ENGINES[name](file, packed, OpenOptions(device, threads, backward_bits, strict))


def engine_of(model: str | Path | Engine, *, threads: int | None = None) -> Engine:
    """Return the engine of a file, or the given engine. Raises `BadFile`, `NotAvailable`."""
    return open_engine(model, threads=threads) if isinstance(model, str | Path) else model


def known_engine(name: str | None) -> str | None:
    """Return the name of an engine, or none. Raises `UsageError`, and `NotAvailable` for the native one without a
    library.
    """
    if name is not None and name not in ENGINES:
        raise UsageError(f"`engine` {name!r}: expected one of {', '.join(ENGINES)}.{nearest(name, ENGINES)}")
    if name == "native":
        from gaq.engine._library import load_library

        load_library()
    return name


def load(path: str | Path, *, device: str = "cpu", threads: int | None = None, strict: bool = False) -> Model:
    """Return the force field in a file: a checkpoint (PyTorch), or a packed file (native, without importing PyTorch).

    `device` is where PyTorch computes, `threads` the largest number of threads. A structure unlike the training data
    is a warning, or with `strict` an error. Raises `BadFile`, `NotAvailable`, `UsageError`.
    """
    return open_engine(path, device=device, threads=threads, strict=strict)


def is_packed(file: Path) -> bool:
    """Return whether a file is a packed model: by its header, otherwise by its ending."""
    said = says_packed(file)
    return file.suffix == ".gaq" if said is None else said


def says_packed(file: Path) -> bool | None:
    """Return whether the header says that a file is a packed model; None without a header that says what it is."""
    kind = header_of(file).get("format")
    return None if kind is None else bool(kind == FORMAT)


def header_of(file: Path) -> dict[str, Any]:
    """Return the texts in the header of a safetensors file, by key; none of any other file, or without a header."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = stream.read(length) if length <= LONGEST_HEADER else b""
    try:
        texts = json.loads(header)[METADATA]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return texts if isinstance(texts, dict) else {}


def check_backward(bits: int | None) -> None:
    """Raise `UsageError` for a precision of the backward pass that the native engine does not have."""
    if bits is not None and bits not in BACKWARD_BITS:
        raise UsageError(f"`backward_bits` {bits}: expected {', '.join(map(str, BACKWARD_BITS))}")


def check_device(device: str) -> str:
    """Return the device if PyTorch has it; otherwise raise `NotAvailable`."""
    expect_torch()
    import torch

    if device == "cpu" or (device.startswith("cuda") and torch.cuda.is_available()):
        return device
    if device.startswith("cuda"):
        raise NotAvailable(f"`device` {device}: this PyTorch sees no CUDA device. Use `device` cpu.")
    raise UsageError(f"`device` {device!r}: expected cpu, cuda, or cuda:N.")


def _open_torch(file: Path, packed: bool, options: OpenOptions) -> Model:
    """Open a checkpoint in PyTorch."""
    if packed:
        raise UsageError(
            f"{file.name} is a packed model: it holds codes, which the native engine runs. `engine` torch runs the "
            f"checkpoint that it was exported from; name that, or leave out `engine`."
        )
    if options.backward_bits is not None:
        raise UsageError(
            f"`backward_bits` {options.backward_bits}: the backward pass of PyTorch is in float. Add `engine` native."
        )
    expect_torch()
    import torch

    from gaq.engine.checkpoint import CheckpointModel
    from gaq.train.checkpoint import load_checkpoint

    if options.threads is not None:
        torch.set_num_threads(options.threads)
    device = check_device(options.device)
    return CheckpointModel(load_checkpoint(file), file.name, device=device, strict=options.strict)


def _open_native(file: Path, packed: bool, options: OpenOptions) -> Model:
    """Open a packed file in the native engine; a checkpoint is packed in memory first."""
    if options.device != "cpu":
        raise UsageError(f"`device` {options.device}: the native engine computes on the CPU. Leave out `device`.")
    if packed:
        return _open_packed(file, options)
    expect_torch()
    from gaq.engine.packing import pack_and_open
    from gaq.train.checkpoint import load_checkpoint

    found = load_checkpoint(file)
    return pack_and_open(
        *(found.model, found.recipe, file.name),
        threads=options.threads,
        backward_bits=options.backward_bits,
        strict=options.strict,
    )


def _open_packed(file: Path, options: OpenOptions) -> NativeEngine:
    from gaq.engine.native import NativeEngine

    return NativeEngine.from_file(
        file, threads=options.threads, backward_bits=options.backward_bits, strict=options.strict
    )


# Each engine opens a file, packed or not, or raises what it cannot run and the way out.
ENGINES: dict[str, Callable[[Path, bool, OpenOptions], Model]] = {"torch": _open_torch, "native": _open_native}
