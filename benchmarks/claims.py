"""Writes docs/claims.md: each claim of the two papers, our figure beside it, and whether we could reproduce it.

    python benchmarks/claims.py

Figures of ours stand in `claims_texts.py` as places in the ledgers under docs/ledger, and are filled in here:
`{ledger|who|metric}` is a value, `{… % …}` what the first is above the second, `{… / …}` a ratio. `who` is a recipe or
a model; a fourth part names the data or the control of a row. Of several seeds it is the mean.
"""

from __future__ import annotations

import re

from claims_texts import CLAIMS, INTRO, Claim
from gaq.files import write_atomically
from gaq.measure.ledger import Row, read_rows
from gaq.report.numbers import significant
from places import HERE, LEDGERS
from tables import markdown

PLACE = re.compile(r"\{([^{}]+)\}")
MISSING = "not measured"


def main() -> None:
    write_claims()


def write_claims() -> None:
    """The page: a table of all, then each with its command and its explanation."""
    lines = [[f"[{k}](#{k}-{anchor(c.title)})", c.title, c.published, filled(c.ours), c.verdict] for k, c in numbered()]
    head = ["", "claim", "published", "ours", "verdict"]
    parts = [INTRO, markdown(head, lines), *(part(k, claim) for k, claim in numbered())]
    page = "\n".join(parts)
    write_atomically(HERE / "docs" / "claims.md", lambda temporary: temporary.write_text(page, encoding="utf-8"))


def numbered() -> list[tuple[int, Claim]]:
    return list(enumerate(CLAIMS, 1))


def part(number: int, claim: Claim) -> str:
    """The section of one claim."""
    said = f"*Published* ({claim.source}): {claim.published}. *Ours*: {filled(claim.ours)}. **{claim.verdict}.**"
    command = f"Command: `{claim.command}`" + (f"; [table]({claim.table})" if claim.table else "")
    return f"## {number} {claim.title}\n\n{said}\n\n{filled(claim.why)}\n\n{command}\n"


def anchor(title: str) -> str:
    """The name by which a heading is linked to, as the site and GitHub make it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def filled(text: str) -> str:
    """The text with figures in the place of their places; a claim that was not measured says so."""
    return PLACE.sub(lambda found: _figure(found.group(1)), text)


def _figure(place: str) -> str:
    for sign, form in (
        (" % ", lambda a, b: f"{100 * (a / b - 1):+.0f} %"),
        (" / ", lambda a, b: significant(a / b, 2)),
    ):
        if sign in place:
            one, other = (_value(part) for part in place.split(sign))
            return MISSING if one is None or not other else form(one, other)
    value = _value(place)
    return MISSING if value is None else significant(value, 3)


def _value(place: str) -> float | None:
    """The mean of what the ledger holds at this place. Raises `KeyError` where a ledger that exists has no such row."""
    ledger, who, metric, *where = (part.strip() for part in place.split("|"))
    path = LEDGERS / f"{ledger}.jsonl"
    if not path.exists():
        return None
    found = [r.value for r in read_rows(path) if _is(r, who, metric, where)]
    if not found and not ledger.startswith("methods"):
        raise KeyError(f"{ledger}: no row of {who} with {metric} {where}")
    return sum(found) / len(found) if found else None


def _is(row: Row, who: str, metric: str, where: list[str]) -> bool:
    here = not where or where[0] in (row.data, row.control)
    return row.metric == metric and who in (row.recipe, row.model) and here


if __name__ == "__main__":
    main()
