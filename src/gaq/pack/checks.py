"""What Python checks of a packed file beside container and checksum: keys and types, so that reading it cannot fail.

What the fields mean, their ranges and how they fit each other is the engine's to check: `gaq.engine.packed_file`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gaq.errors import BadFile
from gaq.formats.container import NAMES, WAY_OUT
from gaq.model.layout import Layout, Numbers, Wanted
from gaq.pack.layout import wanted_arrays

LONGEST_NAME = 256  # bytes
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # control characters and ends of lines
MOST = 4096  # of any integer in the header: knots, bits, directions
RADIAL: dict[str, type] = {"knots": int, "decay": float, "low": float, "high": float}
# The keys of a scheme by its kind: those that it must have, and those that it may have.
SCHEMES: dict[str, tuple[dict[str, type], dict[str, type]]] = {
    "identity": ({}, {}),
    "uniform": ({"bits": int, "per": str}, {"framed": bool, "centred": bool, "principal": int}),
    "polar": (
        {"bits": int, "per": str, "magnitude": str, "gradient": str, "directions": str, "direction_bits": int},
        {"book": str},
    ),
}

Slots = dict[str, dict[str, Any]]


def check_name(text: str, key: str, name: str) -> str:
    """Return a text that people will read: one line, not too long. Raises `BadFile`."""
    if not text or len(text.encode("utf-8", "replace")) > LONGEST_NAME or UNPRINTABLE.search(text):
        raise BadFile(f"{name}: {key} is {text[:40]!r}; expected one line of at most {LONGEST_NAME} bytes.")
    return text


def check_radial(radial: object, name: str) -> dict[str, Any]:
    """Return where the knots of the radial table lie. Raises `BadFile`."""
    if not isinstance(radial, dict) or not _typed(radial, RADIAL, {}):
        raise BadFile(f"{name}: radial is {radial!r}; expected an object of the numbers {', '.join(RADIAL)}. {WAY_OUT}")
    return radial


def check_slots(slots: object, layout: Layout, config: Numbers, name: str) -> Slots:
    """Return one scheme for each slot of the model, and none for any other. Raises `BadFile`."""
    wanted = layout.slot_names(config)
    if not isinstance(slots, dict):
        raise BadFile(f"{name}: slots are {type(slots).__name__}; expected an object. {WAY_OUT}")
    for slot in set(wanted) ^ set(slots):
        word = "lack" if slot in wanted else "have an unknown slot"
        raise BadFile(f"{name}: slots {word} {slot!r}, so they do not fit the model. {WAY_OUT}")
    for slot, scheme in slots.items():
        kind = scheme.get("kind") if isinstance(scheme, dict) else None
        known = SCHEMES.get(kind) if isinstance(kind, str) else None
        if known is None or not _typed(scheme, {"kind": str, **known[0]}, known[1]):
            raise BadFile(
                f"{name}: slot {slot!r} holds {scheme!r}, which this gaq does not know. Use a newer gaq, or export the "
                "checkpoint anew."
            )
    return slots


def check_arrays(
    arrays: Mapping[str, np.ndarray],
    layout: Layout,
    config: Numbers,
    species: Sequence[int],
    knots: int,
    slots: Slots,
    name: str,
) -> None:
    """Each array that the model needs, of its type and shape and with finite numbers, and no other. Raises
    `BadFile`.
    """
    shapes = {key: array.shape for key, array in arrays.items()}
    wanted = wanted_arrays(layout, config, len(species), knots, slots, shapes)
    for key in sorted(set(wanted) ^ set(arrays)):
        raise BadFile(f"{name}: tensor {key!r} is {'missing' if key in wanted else 'unknown'}. {WAY_OUT}")
    for key, want in wanted.items():
        _check_array(arrays[key], want, f"{name}: tensor {key!r}")


def _check_array(array: np.ndarray, want: Wanted, what: str) -> None:
    same = len(array.shape) == len(want.shape)
    fits = same and all(w is None or w == n for w, n in zip(want.shape, array.shape, strict=True))
    if not fits or NAMES.get(array.dtype) != want.dtype or array.size == 0:
        shape = ", ".join("n" if w is None else str(w) for w in want.shape)
        came = f"{NAMES.get(array.dtype)} {list(array.shape)}"
        raise BadFile(f"{what} is {came}; expected {want.dtype} [{shape}]. {WAY_OUT}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise BadFile(f"{what} holds numbers that are not finite. {WAY_OUT}")


def _typed(said: Mapping[str, Any], needed: Mapping[str, type], more: Mapping[str, type]) -> bool:
    """Return whether an object has the needed keys, perhaps more, and no other, all of the types in the tables."""
    types = {**needed, **more}
    return needed.keys() <= said.keys() <= types.keys() and all(_is(said[key], types[key]) for key in said)


def _is(value: object, kind: type) -> bool:
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST
    return isinstance(value, int | float if kind is float else kind) and (kind is bool or not isinstance(value, bool))
