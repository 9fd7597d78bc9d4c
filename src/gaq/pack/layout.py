"""The shape of every array of a packed file, from the layout of its architecture, its numbers and its slots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gaq.model.layout import Layout, LinearShape, Numbers, Wanted
from gaq.pack.bits import NIBBLE_BITS, packed_length

GOLDEN_FRAMES = 3
TABLE = ("values", "slopes", "curvatures")
COORDINATES = 3


def wanted_arrays(
    layout: Layout,
    n: Numbers,
    species: int,
    knots: int,
    slots: Mapping[str, Any],
    shapes: Mapping[str, tuple[int, ...]],
) -> dict[str, Wanted]:
    """Return every array that a file with these numbers and slots must hold, and no other may be there.

    `shapes` [name] are those of the arrays in the file: a set of radial functions comes in one of three forms.
    """
    arrays = {
        "embedding": Wanted("F32", (species, n.channels)),
        "reference": Wanted("F64", (species,)),
        "radii": Wanted("F64", (species,)),
        "scale": Wanted("F64", (1,)),
        "golden.species": Wanted("I64", (None,)),
        "golden.positions": Wanted("F64", (GOLDEN_FRAMES, None, COORDINATES)),
        "golden.energies": Wanted("F64", (GOLDEN_FRAMES,)),
        "golden.forces": Wanted("F64", (GOLDEN_FRAMES, None, COORDINATES)),
    }
    arrays |= layout.arrays(n)
    for name, count in layout.functions(n):
        arrays |= _of_functions(name, count, knots, shapes)
    for layer in layout.linears(n):
        arrays |= _of_linear(layer, slots[f"{layer.name}.weight"])
        if slots[f"{layer.name}.input"].get("centred"):
            arrays[f"{layer.name}.input.centre.codes"] = Wanted("I8", (species, layer.inputs))
            arrays[f"{layer.name}.input.centre.scale"] = Wanted("F32", (species,))
        if directions := slots[f"{layer.name}.input"].get("principal"):
            arrays[f"{layer.name}.input.principal.codes"] = Wanted("I8", (species * directions, layer.inputs))
            arrays[f"{layer.name}.input.principal.scale"] = Wanted("F32", (species * directions,))
    for name, slot in slots.items():
        arrays |= _of_slot(name, slot)
    return arrays


def _of_functions(name: str, count: int, knots: int, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Wanted]:
    """Radial functions as a mixture of a table that layers share, as a mixture of a table of their own, or finished."""
    own = f"{name}.values" in shapes
    table = name if own else "radial"
    mixed = not own or name in shapes
    shape = shapes.get(f"{table}.values", ())
    columns = (shape[1] if len(shape) == len(("knot", "function")) else None) if mixed else count
    arrays = {f"{table}.{part}": Wanted("F32", (knots, columns)) for part in TABLE}
    return arrays | ({name: Wanted("F32", (columns, count))} if mixed else {})


def _of_linear(layer: LinearShape, slot: Mapping[str, Any]) -> dict[str, Wanted]:
    arrays = {f"{layer.name}.bias": Wanted("F32", (layer.outputs,))} if layer.bias else {}
    if slot["kind"] == "identity":
        return arrays | {f"{layer.name}.weight": Wanted("F32", (layer.outputs, layer.inputs))}
    codes = Wanted("I8", (layer.outputs, layer.inputs))
    if slot["bits"] <= NIBBLE_BITS:
        codes = Wanted("U8", (layer.outputs, packed_length(layer.inputs)))
    return arrays | {f"{layer.name}.codes": codes, f"{layer.name}.scale": Wanted("F32", (layer.outputs,))}


def _of_slot(name: str, slot: Mapping[str, Any]) -> dict[str, Wanted]:
    if name.endswith(".weight") or slot["kind"] == "identity":
        return {}
    arrays = {}
    if slot["per"] == "tensor":
        arrays = {f"{name}.step": Wanted("F32", (1,)), f"{name}.inverse_step": Wanted("F32", (1,))}
    if slot["kind"] == "uniform":
        return arrays
    if slot["magnitude"] == "log":
        levels = 2 ** int(slot["bits"])
        arrays |= {f"{name}.levels": Wanted("F32", (levels,)), f"{name}.thresholds": Wanted("F32", (levels - 1,))}
    return arrays | _of_directions(name, slot)


def _of_directions(name: str, slot: Mapping[str, Any]) -> dict[str, Wanted]:
    bits = int(slot["direction_bits"])
    if slot["directions"] == "octahedral" and bits <= 8:
        return {f"octahedral.{bits}.points": Wanted("F32", (2**bits, COORDINATES))}
    if slot["directions"] == "codebook":
        book = slot.get("book", name)
        return {f"{book}.points": Wanted("F32", (None, COORDINATES)), f"{book}.cells": Wanted("I32", (None, None))}
    return {}
