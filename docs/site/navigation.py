"""The list of pages at the side: without those that are not there, with one entry for each decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def whole(nav: list[Any], pages: Mapping[str, str]) -> list[Any]:
    """The entries whose pages exist; one that ends in `/` stands for all pages of that folder, in their order."""
    kept = []
    for entry in nav:
        ((title, target),) = entry.items()
        if isinstance(target, list):
            below = whole(target, pages)
        elif target.endswith("/"):
            below = [{_title(pages[uri]): uri} for uri in sorted(pages) if uri.startswith(target)]
        else:
            below = target if target in pages else None
        if below:
            kept.append({title: below})
    return kept


def _title(text: str) -> str:
    first = next(line for line in text.splitlines() if line.startswith("# "))
    return first.removeprefix("# ").strip()
