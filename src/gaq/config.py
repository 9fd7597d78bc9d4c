"""TOML files as frozen pydantic models: an unknown key is an error with a hint, and no value is converted."""

from __future__ import annotations

import json
import os
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import tomli_w
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from gaq.errors import ConfigError, UsageError, nearest
from gaq.formats.texts import parse_toml, read_toml, shown

MOST_FAULTS = 20  # reported at once
MOST_PARTS = 16  # of a dotted key


class Frozen(BaseModel):
    """What every section of a configuration derives from: no other keys, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Parsed = TypeVar("Parsed", bound=BaseModel)


def load(path: str | os.PathLike[str], model_class: type[Parsed], overrides: Sequence[str] = ()) -> Parsed:
    """Read a TOML file into `model_class`, after `overrides` such as `train.epochs=100` were set in it.

    The right side of an override is read as TOML; what is not TOML is a text, so that `data.file=a.xyz` needs
    no quotes. Raises BadFile (missing, a folder, not a text), ConfigError (not TOML, unknown key, wrong type,
    out of range; up to `MOST_FAULTS` of them at once) and UsageError (an override without `=`).
    """
    return checked(_parse(path), model_class, overrides, str(path))


def checked(
    table: dict[str, Any], model_class: type[Parsed], overrides: Sequence[str] = (), where: str = "the settings"
) -> Parsed:
    """Return a table as `model_class`, after `overrides` were set in it. Raises what `load` raises."""
    changed = [_override(table, text) for text in overrides]
    try:
        # By way of JSON, where strict reading still makes tuples of lists and enumerations of texts.
        return model_class.model_validate_json(json.dumps(table, default=str), strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False)
        faults = [_fault(one, model_class, changed) for one in found[:MOST_FAULTS]]
        faults += [f"and {len(found) - MOST_FAULTS} more."] if len(found) > MOST_FAULTS else []
        raise ConfigError(f"{where}: " + "\n  ".join(faults)) from error


def dump(model: BaseModel) -> str:
    """Return the TOML text that `load` reads back as the same model; None is left out, since TOML has no null."""
    return tomli_w.dumps(model.model_dump(mode="json", exclude_none=True))


def commented(model: BaseModel) -> str:
    """Return TOML text that `load` reads back as the same model, with the description of each value as a comment.

    A value that is None is written as a comment, since TOML has no null.
    """
    return "\n".join(_commented(model, "")) + "\n"


def _commented(model: BaseModel, name: str) -> list[str]:
    sections = {key: value for key, value in model if isinstance(value, BaseModel)}
    lines = [f"[{name}]"] if name else []
    for key, value in model:
        if key in sections:
            continue
        about = type(model).model_fields[key].description
        line = f"# {key} =" if value is None else tomli_w.dumps({key: value}).strip()
        lines.append(f"{line}  # {about}" if about else line)
    for key, section in sections.items():
        lines += ["", *_commented(section, f"{name}.{key}" if name else key)]
    return lines


def _parse(path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        return read_toml(path)
    except ValueError as error:
        raise ConfigError(f"{path} is not TOML: {error}. A line is `key = value`; texts are in quotes.") from None


def _override(table: dict[str, Any], text: str) -> tuple[str, ...]:
    """Set one `section.key=value` in the table; returns its path."""
    key, equals, value = text.partition("=")
    path = tuple(part.strip() for part in key.split("."))
    if not equals or not all(path):
        raise UsageError(f"`overrides` {text!r} is not of the form section.key=value, such as train.epochs=100.")
    if len(path) > MOST_PARTS:
        raise UsageError(
            f"`overrides` {shown(text)} has {len(path)} parts before its '='; a key has {MOST_PARTS} at most."
        )
    for depth, part in enumerate(path[:-1], start=1):
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise ConfigError(f"`overrides` {text!r}: {'.'.join(path[:depth])} is a value, not a section.")
    table[path[-1]] = _value(value.strip())
    return path


def _value(text: str) -> object:
    try:
        parsed = parse_toml(f"value = {text}")
    except ValueError:
        return text
    return parsed["value"] if len(parsed) == 1 else text


def _fault(error: ErrorDetails, model_class: type[BaseModel], changed: Sequence[tuple[str, ...]]) -> str:
    """Return one sentence: the key, what came, what was expected."""
    place = _without_tags(model_class, error["loc"])
    key = ".".join(str(part) for part in place) or "the file as a whole"
    source = " (given by `overrides`)" if any(place[: len(path)] == path for path in changed) else ""
    if error["type"] == "extra_forbidden":
        known = _keys(model_class, error["loc"][:-1])
        hint = nearest(str(place[-1]), known) or (f" Known here: {', '.join(sorted(known))}." if known else "")
        return f"unknown key {key}{source}.{hint}"
    if error["type"] == "missing":
        return f"{key} is missing."
    return f"{key} is {_shown(error['input'])}{source}; {_expected(error)}."


def _expected(error: ErrorDetails) -> str:
    message = error["msg"].removeprefix("Value error, ").removesuffix(".")
    return message.replace("Input should be", "expected", 1)


def _shown(value: object) -> str:
    """Return what came, as it would stand in the file; long values are cut."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _keys(model_class: type[BaseModel], place: Sequence[int | str]) -> Mapping[str, object]:
    """Return the keys that are known at a place: the fields of the model found by walking there."""
    models: list[type[BaseModel]] = [model_class]
    for part in place:
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        if fields:  # other parts are positions in lists and tags of unions
            models = [found for field in fields for found in _models(field.annotation)]
        elif tagged := [model for model in models if _has_tag(model, part)]:
            models = tagged
    return {name: None for model in models for name in model.model_fields}


def _without_tags(model_class: type[BaseModel], place: Sequence[int | str]) -> tuple[int | str, ...]:
    """Return a place as it is written in the file: which of several sections pydantic took is no part of it."""
    kept: list[int | str] = []
    models: list[type[BaseModel]] = [model_class]
    for part in place:
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        if fields or not any(_has_tag(model, part) for model in models):
            kept.append(part)
        models = [found for field in fields for found in _models(field.annotation)] or models
    return tuple(kept)


def _has_tag(model: type[BaseModel], tag: int | str) -> bool:
    """Return whether a field of the model can have this text alone, which tells it from the other models of a union."""
    return any(typing.get_args(field.annotation) == (tag,) for field in model.model_fields.values())


def _models(annotation: object) -> list[type[BaseModel]]:
    """Models in an annotation such as `Parsed`, `Parsed | None` or `tuple[Parsed, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in _models(part)]
