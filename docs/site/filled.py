"""Marks in a page, such as `<!-- fill: recipe w4a16 -->`, and what stands there in the site."""

from __future__ import annotations

import re
from collections.abc import Callable

from command_line import command_line
from elsewhere import REPOSITORY, as_in_docs
from python_names import python_names
from recipe_tables import overview, rules_of

MARK = re.compile(r"^<!-- fill: ([\w-]+)(?: ([\w-]+))? -->$", re.MULTILINE)


def readme_table() -> str:
    """The table of the README, which `benchmarks/render/__main__.py` writes."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    return as_in_docs(readme.partition("<!-- table -->")[2].partition("<!-- /table -->")[0].strip())


WHOLE: dict[str, Callable[[], str]] = {
    "command-line": command_line,
    "python": python_names,
    "readme-table": readme_table,
    "recipes": overview,
}


def filled(markdown: str) -> str:
    """The page with every mark replaced; an unknown mark is an error of the build."""
    return MARK.sub(lambda mark: _text(mark[1], mark[2]), markdown)


def _text(what: str, of: str | None) -> str:
    if what == "recipe" and of is not None:
        return rules_of(of)
    if what in WHOLE and of is None:
        return WHOLE[what]()
    raise ValueError(f"nothing is known to fill the mark {what!r} {of or ''} with")
