"""Markdown templates (`*.md.in`).

{{ledger:FILE|WHO|METRIC}}       mean over seeds, three digits; WHO is a recipe or a model
{{ledger:FILE|WHO|METRIC|WHERE}} rows with data or control WHERE
{{ledger:… / …}}                 ratio, two digits
{{ledger:… % …}}                 excess in per cent
{{ledger:…:2}}                   two digits;  {{ledger:…:±}}  with standard error
{{table:MODULE.FUNCTION ARG …}}  result of a function of the template's package
"""

from __future__ import annotations

import importlib
import re
import textwrap
from collections.abc import Iterator, Sequence

from benchmarks.common.method_rows import over_seeds
from benchmarks.common.places import rows_of
from gaq.measure.ledger import Row
from gaq.report.numbers import significant

FIELD = re.compile(r"\{\{(ledger|table):([^{}]+)\}\}")
FORMAT = re.compile(r"(.*):(\d|±)", re.DOTALL)
WIDTH = 100
BOUND = "\0"  # a space that is never broken
KEPT = re.compile(r"`[^`]{1,90}`|\d %")  # code, and a number with its unit
ITEM = re.compile(r"(?:[-*]|\d+\.) ")


def filled(text: str, package: str) -> str:
    """Fill and wrap a template. Raises `KeyError` for a missing row, `ValueError` for an unknown field."""

    def one(found: re.Match[str]) -> str:
        said = " ".join(found[2].split())
        return figure(said) if found[1] == "ledger" else table(said, package)

    text = FIELD.sub(one, text)
    if "{{" in text:
        raise ValueError(f"not a field: {text[text.index('{{') :][:60]!r}")
    return wrapped(text)


def figure(said: str) -> str:
    place, digits = FORMAT.fullmatch(said).groups() if FORMAT.fullmatch(said) else (said, "")
    if digits == "±":
        rows, (*_, metric) = _rows(place)
        return over_seeds(rows, metric)
    if " % " in place:
        one, other = (_mean(part) for part in place.split(" % "))
        return f"{100 * (one / other - 1):+.0f} %"
    if " / " in place:
        one, other = (_mean(part) for part in place.split(" / "))
        return rounded(one / other, int(digits)) if digits else significant(one / other, 2)
    return rounded(_mean(place), int(digits)) if digits else significant(_mean(place), 3)


def rounded(value: float, digits: int) -> str:
    return significant(float(f"{value:.{digits - 1}e}"), digits)


def table(said: str, package: str) -> str:
    name, *arguments = said.split()
    module, _, function = name.rpartition(".")
    if not module.startswith(("benchmarks.", "studies.")):
        module = f"{package}.{module}"
    return getattr(importlib.import_module(module), function)(*arguments).rstrip()


def _mean(place: str) -> float:
    rows, _ = _rows(place)
    return sum(row.value for row in rows) / len(rows)


def _rows(place: str) -> tuple[list[Row], Sequence[str]]:
    ledger, who, metric, *where = (part.strip() for part in place.split("|"))
    found = [
        row
        for row in rows_of(ledger)
        if row.metric == metric
        and who in (row.recipe, row.model)
        and (not where or where[0] in (row.data, row.control))
    ]
    if not found:
        raise KeyError(f"{ledger}: no row of {who} with {metric} {' '.join(where)}".rstrip())
    return found, (ledger, who, metric)


def wrapped(text: str) -> str:
    """Wrap paragraphs and items of lists."""
    lines: list[str] = []
    for block, code in _blocks(text):
        plain = not code and not block[0].startswith(("|", "#", "!", "<", "    "))
        lines += _paragraphs(block) if plain else block
    return "\n".join(lines).rstrip() + "\n"


def _blocks(text: str) -> Iterator[tuple[list[str], bool]]:
    """Yield blocks, and whether each is code."""
    block: list[str] = []
    code = False
    for line in text.split("\n"):
        fence = line.startswith("```")
        if (fence and not code) or (not line and not code):
            if block:
                yield block, False
            block = []
        if not line and not code:
            yield [""], True
            continue
        block.append(line)
        if fence:
            if code:
                yield block, True
                block = []
            code = not code
    if block:
        yield block, code


def _paragraphs(block: Sequence[str]) -> Iterator[str]:
    """Wrap a paragraph or a list."""
    items: list[list[str]] = []
    for line in block:
        if ITEM.match(line) or not items:
            items.append([])
        items[-1].append(line.strip())
    for item in items:
        indent = " " * (ITEM.match(item[0]).end() if ITEM.match(item[0]) else 0)
        kept = KEPT.sub(lambda found: found[0].replace(" ", BOUND), " ".join(item))
        lines = textwrap.wrap(kept, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        yield from (line.replace(BOUND, " ") for line in lines)
