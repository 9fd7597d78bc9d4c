"""Pack a network in memory and open it in the native engine, without a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gaq.atoms.structure import Structure
from gaq.engine.native import NativeEngine
from gaq.engine.pytorch import TorchEngine
from gaq.model.layered import Layered
from gaq.pack.export import Golden, pack
from gaq.pack.format import to_bytes
from gaq.quant.recipe import Recipe

# Distance between the atoms of a golden frame, in cutoffs. A model may predict anything for an unfamiliar molecule, but
# single atoms have finite energies.
SPACINGS = (1.5, 2.0, 2.5)
MOST_ELEMENTS = 8


def packed_in_memory(model: Layered, recipe: Recipe, *, backward_bits: int | None = None) -> bytes:
    """Return the bytes that `gaq export` would write; its golden frames are single atoms of the model's elements.

    Raises `RecipeError` for what the packed format does not support.
    """
    frames = [_chain(model.species[:MOST_ELEMENTS], spacing * model.cutoff) for spacing in SPACINGS]
    found = TorchEngine(model, "the model", recipe.name, watch=False).evaluate(frames)
    return to_bytes(pack(model, recipe, Golden(frames, found), backward_bits=backward_bits))


def pack_and_open(
    model: Layered,
    recipe: Recipe,
    name: str,
    *,
    threads: int | None = None,
    backward_bits: int | None = None,
    library: Path | None = None,
    strict: bool = False,
) -> NativeEngine:
    """Return the native engine of a network; `name` is its name in rows. Raises `RecipeError`, `NotAvailable`."""
    content = packed_in_memory(model, recipe, backward_bits=backward_bits)
    return NativeEngine(content, name, threads=threads, library=library, strict=strict)


def _chain(species: tuple[int, ...], spacing: float) -> Structure:
    """Return one atom of each element along a zigzag."""
    along = np.arange(len(species), dtype=np.float64)
    positions = np.stack([spacing * along, 0.5 * (along % 2), 0.1 * along**2], axis=1)
    return Structure.molecule(np.array(species), positions)
