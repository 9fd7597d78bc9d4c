"""JSON and TOML from outside: bounded in size, depth and numbers; every fault is one sentence.

Python's own readers raise RecursionError, ValueError or OverflowError somewhere in the code that uses their result;
here a text is refused as soon as it is read.
"""

from __future__ import annotations

import json
import math
import os
import tomllib
from collections.abc import Mapping
from typing import Any

from gaq.errors import BadFile
from gaq.files import readable_file

LONGEST_JSON = 2**26  # bytes
LONGEST_TOML = 2**20  # bytes; `tomllib` reads about 1 MB/s
DEEPEST = 64  # objects and lists within each other
LONGEST_INTEGER = 80  # digits; the state of a random generator has 39
TOML_INTEGERS = 2**63  # TOML promises 64 bits


def strict_json(text: str | bytes, what: str, way_out: str) -> Any:
    """Return what the JSON says, without doubled keys, numbers that are not finite, or text that is not Unicode.

    `what` is the subject of the sentence and `way_out` its end. Raises BadFile for anything that is not JSON, nested
    deeper than `DEEPEST`, or with integers of more than `LONGEST_INTEGER` digits.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_not_finite, parse_float=_float, parse_int=_integer
        )
        check_plain(value)
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{what} is not JSON ({_reason(error)}). {way_out}") from None
    return value


def read_json(path: str | os.PathLike[str], way_out: str) -> Any:
    """Return what a file of JSON says, as `strict_json` does. Raises BadFile, also for one of more than 64 MiB."""
    return strict_json(content_of(path, LONGEST_JSON), str(path), way_out)


def to_json(thing: object) -> str:
    """JSON without blanks. Numbers that are not finite are a ValueError; see `finite`."""
    return json.dumps(thing, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def finite(thing: Any) -> Any:
    """Return plain data with NaN and infinities as texts, as in the ledger: JSON has none."""
    if isinstance(thing, float) and not math.isfinite(thing):
        return "NaN" if math.isnan(thing) else ("Infinity" if thing > 0 else "-Infinity")
    if isinstance(thing, Mapping):
        return {key: finite(value) for key, value in thing.items()}
    return [finite(value) for value in thing] if isinstance(thing, list | tuple) else thing


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the table in a TOML file. Raises BadFile (missing, a folder, not UTF-8, too long) and ValueError.

    The ValueError says what is not TOML; the caller knows what kind of file it was to be.
    """
    try:
        text = content_of(path, LONGEST_TOML).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadFile(f"{path} is not a text file; a TOML file was expected.") from error
    return parse_toml(text)


def parse_toml(text: str) -> dict[str, Any]:
    """Return the table in a TOML text. Raises ValueError, also for deep nesting and integers beyond 64 bits."""
    try:
        table = tomllib.loads(text)
        check_plain(table, TOML_INTEGERS)
    except (ValueError, RecursionError) as error:
        raise ValueError(_reason(error)) from None
    return table


def shown(value: object, most: int = 60) -> str:
    """Return a value as a sentence may quote it: its repr, cut after `most` characters."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of more digits than Python prints, or endless nesting
        return "a value too long to print"
    return text if len(text) <= most else f"{text[: most - 3]}..."


def content_of(path: str | os.PathLike[str], most: int) -> bytes:
    """Return the bytes of a file of text. Raises BadFile where it has more than `most`."""
    with readable_file(path).open("rb") as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise BadFile(f"{path} is longer than {most // 2**20} MiB; a text of this kind is shorter. Check the name.")
    return content


def check_plain(value: Any, integers: int | None = None) -> None:
    """Raise ValueError for deep nesting, half a surrogate pair in a text, and integers of that size or more."""
    level, depth = [value], 0
    while level:
        depth += 1
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                inner += [*one, *one.values()]
            elif isinstance(one, list):
                inner += one
            elif isinstance(one, str):
                if not one.isascii():
                    one.encode("utf-8")  # a UnicodeEncodeError is a ValueError
            elif integers is not None and isinstance(one, int) and not -integers <= one < integers:
                raise ValueError("an integer needs more than 64 bits")
        if inner and depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")
        level = inner


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    if isinstance(error, UnicodeEncodeError):
        return "a text holds half a surrogate pair"
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _not_finite(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number of JSON")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is beyond the range of numbers")
    return value


def _integer(text: str) -> int:
    if len(text) > LONGEST_INTEGER:
        raise ValueError(f"an integer has {len(text)} digits")
    return int(text)
