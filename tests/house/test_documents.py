"""Documents are true to the tree: their links lead somewhere, the files they name are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from house.tree import PACKAGE, REPOSITORY, project_files

LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
ANCHORED = re.compile(r"\]\((?!https?:)([^)#\s]*\.md)?#([^)\s]+)\)")
OUTWARD = re.compile(r"\]\((https?:[^)]*)\)")
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
MODULE = re.compile(r"`((?:geometry|atoms|quant|model|data|train|engine|simulate|measure|report|cli)/\w+\.py)`")
WIDTH = 100
UNBROKEN = ("|", "!", "<", "[")  # tables, pictures, marks, and lines that are one link
DOCUMENTS = [path for path in project_files() if path.suffix == ".md"]


def broken_links(folder: Path, text: str) -> list[str]:
    return [link for link in LINK.findall(text) if not (folder / link).exists()]


def too_long(text: str) -> list[str]:
    """Lines of prose past the limit."""
    return [s for s in CODE.sub("", text).splitlines() if len(s) > WIDTH and not s.startswith((*UNBROKEN, "    "))]


def headings(text: str) -> set[str]:
    """The anchors of a page, as code hosts and the site make them of its headings."""
    titles = re.findall(r"^#+ (.+)$", CODE.sub("", text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_anchors(path: Path, text: str) -> list[str]:
    """Links to a section that the page they lead to does not have; a page that the site fills may have more of them."""
    targets = [(link, anchor, path.parent / link if link else path) for link, anchor in ANCHORED.findall(text)]
    pages = {target: target.read_text(encoding="utf-8") for _, _, target in targets if target.is_file()}
    return [
        f"{link}#{anchor}"
        for link, anchor, target in targets
        if target in pages and "<!-- fill: " not in pages[target] and anchor not in headings(pages[target])
    ]


def malformed(text: str) -> list[str]:
    """Links to other places that no browser could follow."""
    return [
        link for link in OUTWARD.findall(text) if not re.fullmatch(r"https://[\w.-]+\.[a-z]{2,}(/[^\s<>\"]*)?", link)
    ]


def missing_modules(text: str) -> list[str]:
    return [name for name in MODULE.findall(text) if not (PACKAGE / name).is_file()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_and_files_are_there(path):
    text = path.read_text(encoding="utf-8")
    assert broken_links(path.parent, text) == []
    assert missing_modules(text) == []
    assert broken_anchors(path, text) == []
    assert malformed(text) == []


WRITTEN = [path for path in DOCUMENTS if not path.is_relative_to(REPOSITORY / "native")]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_lines_of_prose_are_short(path):
    assert too_long(path.read_text(encoding="utf-8")) == []


def test_a_long_line_of_prose_would_be_found():
    long = "a " * WIDTH
    assert too_long(f"{long}\n\n| {long}\n\n```\n{long}\n```\n\n- {long}\n") == [long, f"- {long}"]


def test_a_broken_link_would_be_found(tmp_path):
    assert broken_links(tmp_path, "[a](missing.md) [b](https://example.org) [c](#here)") == ["missing.md"]
    assert missing_modules("see `quant/no_such.py` and `quant/slot.py`") == ["quant/no_such.py"]


def test_a_broken_anchor_would_be_found(tmp_path):
    page = tmp_path / "a.md"
    page.write_text("# A day's work\n\n## Two: parts\n\n```\n# no heading\n```\n")
    links = "[a](a.md#a-days-work) [b](a.md#two-parts) [c](a.md#three) [d](#two-parts) [e](a.md#no-heading)"
    assert broken_anchors(page, links) == ["a.md#three", "a.md#no-heading"]
    assert malformed("[a](https://example.org/a) [b](http://example.org) [c](https://example)") == [
        "http://example.org",
        "https://example",
    ]


def test_every_folder_of_the_package_is_in_the_architecture():
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    folders = [path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()]
    assert [name for name in folders if f"`src/gaq/{name}`" not in text] == []


def test_every_decision_is_listed():
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    pages = sorted((REPOSITORY / "docs" / "decisions").glob("*.md"))
    assert len(pages) >= 5
    assert [page.name for page in pages if f"decisions/{page.name}" not in text] == []
