"""Frozen dataclasses to plain dictionaries and back: an unknown kind or key is an error with a hint."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from gaq.errors import RecipeError, nearest
from gaq.formats.texts import shown

Plain = dict[str, Any]
# What the types of fields are in words.
WORDS = {
    **{"bool": "true or false", "str": "a text", "float": "a finite number"},
    **{"int": "an integer", "int | None": "an integer"},
}


def kind_of(family: type) -> str:
    """Return the name of a class in a file: `MeanSquare` is `mean-square`, unless it has a `stored_kind`."""
    stored = getattr(family, "stored_kind", "")
    return stored or re.sub(r"(?<=[a-z])(?=[A-Z])", "-", family.__name__).lower()


def to_plain(thing: Any) -> Plain:
    """Numbers, texts and dictionaries, with the class under `kind`; defaults are written out."""
    plain: Plain = {"kind": kind_of(type(thing))}
    for field in fields(thing):
        value = getattr(thing, field.name)
        plain[field.name] = to_plain(value) if is_dataclass(value) else value
    return plain


def made(family: type, values: Plain) -> Any:
    """Return an object of a class, from its fields."""
    return family(**values)


def from_plain(data: object, classes: Sequence[type], what: str, build: Callable[[type, Plain], Any] = made) -> Any:
    """Return the object that `data` describes, one of `classes`; `what` names it in the text of a RecipeError.

    `build` makes an object from its class and its fields.
    """
    if not isinstance(data, Mapping) or "kind" not in data:
        raise RecipeError(f"{what} is {shown(data)}; expected a table with a key 'kind', one of {_names(classes)}")
    by_kind = {kind_of(family): family for family in classes}
    kind = data["kind"]
    if not isinstance(kind, str) or kind not in by_kind:
        hint = nearest(str(kind), by_kind)
        raise RecipeError(f"{what} has kind {shown(kind)}; expected one of {_names(classes)}.{hint}")
    family = by_kind[kind]
    known = {field.name: field for field in fields(family)}
    values: Plain = {}
    for key, value in data.items():
        if key == "kind":
            continue
        if key not in known:
            raise RecipeError(
                f"{what} of kind {kind!r} has no key {shown(key)}; it knows {sorted(known)}.{nearest(key, known)}"
            )
        values[key] = from_plain(value, classes, f"{what}.{key}", build) if isinstance(value, Mapping) else value
    lacking = [name for name, field in known.items() if field.default is MISSING and name not in values]
    if lacking:
        raise RecipeError(f"{what} of kind {kind!r} lacks {', '.join(lacking)}")
    for key, value in values.items():
        if not _may_be(value, str(known[key].type)):
            expected = WORDS.get(str(known[key].type), "something else")
            raise RecipeError(f"{what} of kind {kind!r}: {key} is {shown(value)}; expected {expected}")
    return build(family, values)


def _may_be(value: object, annotation: str) -> bool:
    """Return whether a value has the type of a field; what is no plain type is checked by the class itself."""
    if annotation == "bool":
        return isinstance(value, bool)
    if annotation == "str":
        return isinstance(value, str)
    if annotation == "float":
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf
    if annotation == "int | None":
        return value is None or type(value) is int
    return annotation != "int" or type(value) is int


def _names(classes: Sequence[type]) -> str:
    return ", ".join(kind_of(family) for family in classes)
