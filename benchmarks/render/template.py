"""Markdown templates (`*.md.in`): figures and tables replace their fields.

    {{ledger:FILE|WHO|METRIC}}       a value of docs/ledger or of a study, with three digits; the mean over seeds
    {{ledger:FILE|WHO|METRIC|WHERE}} the same of rows whose data or control is WHERE
    {{ledger:… / …}}                 a ratio, with two digits
    {{ledger:… % …}}                 by how many per cent the first lies above the second
    {{ledger:…:2}}                   with two digits;  {{ledger:…:±}}  with its standard error
    {{table:MODULE.FUNCTION ARG …}}  what a function of the template's package returns, given these words

WHO is a recipe or a model.
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
BOUND = "\0"  # a space at which no line is broken
KEPT = re.compile(r"`[^`]{1,90}`|\d %")  # code, and a number with its sign
ITEM = re.compile(r"(?:[-*]|\d+\.) ")


def filled(text: str, package: str) -> str:
    """Return a template with its fields filled and its paragraphs wrapped.

    Functions of tables are looked up in `package`, unless their name begins with one. Raises `KeyError` for a figure
    that no row holds, and `ValueError` for a field that is left over.
    """

    def one(found: re.Match[str]) -> str:
        said = " ".join(found[2].split())
        return figure(said) if found[1] == "ledger" else table(said, package)

    text = FIELD.sub(one, text)
    if "{{" in text:
        raise ValueError(f"not a field: {text[text.index('{{') :][:60]!r}")
    return wrapped(text)


def figure(said: str) -> str:
    """Return the figure of a ledger field."""
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
    """Return a number with so many significant digits."""
    return significant(float(f"{value:.{digits - 1}e}"), digits)


def table(said: str, package: str) -> str:
    """Return what the function of a table field returns."""
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
    """Return Markdown with paragraphs and items of lists wrapped; tables, code and headings stay as they are."""
    lines: list[str] = []
    for block, code in _blocks(text):
        plain = not code and not block[0].startswith(("|", "#", "!", "<", "    "))
        lines += _paragraphs(block) if plain else block
    return "\n".join(lines).rstrip() + "\n"


def _blocks(text: str) -> Iterator[tuple[list[str], bool]]:
    """Runs of lines between empty ones, and whether each is code."""
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
    """A paragraph, or a list whose items begin with a dash or a number."""
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
