"""What a packed transformer consists of: its linear layers, its slots, and the shape of every array, from its numbers.

Says the same as the network in `model/`, without torch; tests/unit/pack compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from gaq.errors import BadFile
from gaq.pack.bits import NIBBLE_BITS, packed_length

GOLDEN_FRAMES = 3
TABLE = ("values", "slopes", "curvatures")
COORDINATES = 3

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Numbers:
    """The numbers that define a network, as in its configuration; cutoff in Å."""

    channels: int
    degrees: int
    layers: int
    heads: int
    basis: int
    hidden: int
    cutoff: float
    attention: str


LIMITS: dict[str, tuple[float, float]] = {
    "channels": (4, 1024),
    "degrees": (1, 3),
    "layers": (1, 32),
    "heads": (1, 64),  # room on the stack of the engine's attention
    "basis": (4, 128),
    "hidden": (4, 4096),
    "cutoff": (0.5, 20.0),
}
ATTENTIONS = ("cosine", "dot")


@dataclass(frozen=True)
class LinearShape:
    """A linear layer [outputs, inputs] by its name; vectors of a degree take no bias."""

    name: str
    outputs: int
    inputs: int
    bias: bool = True
    degree: int = 0


@dataclass(frozen=True)
class Wanted:
    """An array that a file must hold; None is a length that the file decides."""

    dtype: str
    shape: Shape


def numbers_from(config: object, what: str) -> Numbers:
    """Return the numbers in a JSON object. Raises `BadFile` for one that is missing, unknown or outside its range."""
    names = [field.name for field in fields(Numbers)]
    if not isinstance(config, dict) or set(config) != set(names):
        raise BadFile(f"{what}: config is {config!r}; expected an object with the keys {', '.join(names)}.")
    for name, (least, most) in LIMITS.items():
        value = config[name]
        kinds = int | float if name == "cutoff" else int
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
            raise BadFile(f"{what}: config has {name} = {value!r}; expected a number from {least} to {most}.")
    if config["attention"] not in ATTENTIONS:
        raise BadFile(f"{what}: config has attention = {config['attention']!r}; expected {' or '.join(ATTENTIONS)}.")
    if config["channels"] % config["heads"]:
        raise BadFile(f"{what}: {config['channels']} channels are not a multiple of {config['heads']} heads.")
    return Numbers(**config)


def linears(n: Numbers) -> Iterator[LinearShape]:
    """Yield every linear layer, in the order in which a structure meets them."""
    c, gated = n.channels, (1 + 2 * n.degrees) * n.channels
    for i in range(n.layers):
        yield LinearShape(f"layers.{i}.attention.project", 4 * c, c)
        yield LinearShape(f"layers.{i}.attention.output", c, c)
        for degree in range(1, n.degrees + 1):
            yield LinearShape(f"layers.{i}.update.mix{degree}", 2 * c, c, False, degree)
        yield LinearShape(f"layers.{i}.update.hidden", n.hidden, gated)
        yield LinearShape(f"layers.{i}.update.gates", gated, n.hidden)
    yield LinearShape("readout.hidden", c, c)
    yield LinearShape("readout.energy", 1, c, False)


def slot_names(n: Numbers) -> tuple[str, ...]:
    """Return every slot of the model."""
    names = [f"{layer.name}.{end}" for layer in linears(n) for end in ("input", "weight")]
    for i in range(n.layers):
        names += [f"layers.{i}.attention.query", f"layers.{i}.attention.key", f"layers.{i}.message.scalar"]
        names += [f"layers.{i}.message.vector.l{degree}" for degree in range(1, n.degrees + 1) if i]
    return tuple(names)


def radial_functions(n: Numbers, layer: int) -> int:
    """Radial functions per channel in a layer: the first has no vectors to carry."""
    return 1 + n.degrees * (2 if layer else 1)


def function_sets(n: Numbers) -> Iterator[tuple[str, int]]:
    """Yield the sets of radial functions by name, and how many functions are in each."""
    for i in range(n.layers):
        yield f"layers.{i}.attention.bias", n.heads
        yield f"layers.{i}.filters", radial_functions(n, i) * n.channels


def wanted_arrays(
    n: Numbers, species: int, knots: int, slots: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]
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
    for degree in range(2, n.degrees + 1):
        arrays[f"wigner.points.l{degree}"] = Wanted("F64", (None, COORDINATES))
        arrays[f"wigner.inverse.l{degree}"] = Wanted("F64", (2 * degree + 1, None))
    for i in range(n.layers):
        arrays[f"layers.{i}.attention.temperature"] = Wanted("F32", (n.heads,))
    for name, count in function_sets(n):
        arrays |= _of_functions(name, count, knots, shapes)
    for layer in linears(n):
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
