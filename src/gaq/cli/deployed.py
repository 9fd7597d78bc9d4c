"""Models as deployed: a checkpoint is packed in memory and measured as a packed file.

PyTorch runs the backward pass in float; a packed file may run it in 8 or 16 bits, which changes forces.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gaq.errors import BadFile, NotAvailable, RecipeError, UsageError
from gaq.files import readable_file, sha256_of

if TYPE_CHECKING:
    from gaq.engine.protocol import Engine

HASH_DIGITS = 16  # length of an identity
FLOAT = "float"  # the backward pass of PyTorch


@dataclass(frozen=True)
class Deployed:
    """An engine with the identity of its model and the size of the packed file."""

    path: Path
    engine: Engine
    identity: str
    file_bytes: int | None  # None for a checkpoint that cannot be packed
    note: str = ""  # why the packed file is not what is measured, unless that was asked for

    def sizes(self) -> dict[str, float]:
        """Return file_bytes and weight_bytes of the packed file, and bits_per_weight including scales."""
        from gaq.engine.protocol import footprint_of

        found = {name: value for name, value in footprint_of(self.engine).items() if name != "file_bytes"}
        return found if self.file_bytes is None else {"file_bytes": float(self.file_bytes), **found}


def open_deployed(
    model: str | Path,
    frames: str | None = None,
    *,
    engine: str | None = None,
    device: str = "cpu",
    threads: int | None = None,
    torch_threads: int | None = None,
    strict: bool = False,
) -> Deployed:
    """Return the native engine of a packed file, or of a checkpoint packed in memory as by `gaq export`.

    PyTorch runs a checkpoint if `engine` is "torch", if the device is not the CPU, without a native engine, and if the
    packed format does not support the recipe. `frames` is a file of structures to take golden frames from if the model
    has no sensible forces on a small molecule. Raises `BadFile`, `UsageError`, `NotAvailable`, and `RecipeError` for a
    checkpoint that cannot be packed if `engine` is "native". `strict` as in `open_engine`.
    """
    from gaq.engine.open import is_packed, known_engine, open_engine
    from gaq.engine.protocol import backward_bits_of

    file, engine = readable_file(model), known_engine(engine)
    if is_packed(file):
        opened = open_engine(file, engine=engine, device=device, threads=threads, strict=strict)
        return Deployed(file, opened, identity_of(file, backward_bits_of(opened)), file.stat().st_size)
    content, reason = _packed(file, frames)
    if content is None and engine == "native":
        raise RecipeError(reason)
    note = reason
    if content is not None and engine != "torch" and device == "cpu":
        from gaq.engine.native import NativeEngine

        try:
            native = NativeEngine(content, file.name, threads=threads, strict=strict)
            return Deployed(file, native, identity_of(file, native.backward_bits), len(content))
        except (NotAvailable, BadFile) as error:  # no engine, or none for this architecture
            if engine == "native":
                raise
            note = str(error)
    opened = open_engine(file, engine="torch", device=device, threads=torch_threads or threads, strict=strict)
    said = f"{file.name} is measured in PyTorch, not as a packed file: {note}" if note and engine is None else ""
    size = None if content is None else len(content)
    return Deployed(file, opened, identity_of(file, backward_bits_of(opened)), size, said)


def identity_of(file: Path, backward_bits: int | None) -> str:
    """Return the identity of a model: the shortened SHA-256 of its checkpoint and the bits of the backward pass.

    `backward_bits` is None in PyTorch. A checkpoint packed in memory and the file that `gaq export` writes of it have
    the
    same identity.
    """
    from gaq.engine.open import is_packed
    from gaq.pack.format import read_packed

    whole = None
    if is_packed(file):
        whole = read_packed(file).manifest.get("export", {}).get("checkpoint_sha256")
    digest = whole if isinstance(whole, str) else sha256_of(file)
    return f"{digest[:HASH_DIGITS]}-{backward_bits or FLOAT}"


def _packed(file: Path, frames: str | None) -> tuple[bytes | None, str]:
    """Return the bytes that `gaq export` would write, or the reason why it would not."""
    from gaq.cli.packing import packed_checkpoint
    from gaq.pack.format import to_bytes

    try:
        try:
            return to_bytes(packed_checkpoint(file)), ""
        except UsageError:  # no sensible forces on any small molecule
            if frames is None:
                raise
            return to_bytes(packed_checkpoint(file, frames)), ""
    except (RecipeError, UsageError) as error:
        return None, str(error)
