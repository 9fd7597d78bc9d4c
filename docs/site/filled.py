"""Marks in a page, such as `<!-- fill: recipe w4a16 -->`, and what stands there in the site."""

from __future__ import annotations

import re

from elsewhere import REPOSITORY
from recipe_tables import overview, rules_of

MARK = re.compile(r"^<!-- fill: ([\w-]+)(?: ([\w-]+))? -->$", re.MULTILINE)


def filled(markdown: str) -> str:
    """The page with every mark replaced; an unknown mark is an error of the build."""
    return MARK.sub(lambda mark: _text(mark[1], mark[2]), markdown)


def _text(what: str, of: str | None) -> str:
    if what == "recipe" and of is not None:
        return rules_of(of)
    if what == "recipes":
        return overview()
    if what == "readme-table":
        readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
        return readme.partition("<!-- table -->")[2].partition("<!-- /table -->")[0].strip()
    raise ValueError(f"nothing is known to fill the mark {what!r} {of or ''} with")
