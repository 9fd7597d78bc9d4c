"""Documents are true to the tree: their links lead somewhere, the files they name are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from house.tree import PACKAGE, REPOSITORY, project_files

LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
MODULE = re.compile(r"`((?:geometry|atoms|quant|model|data|train|engine|simulate|measure|report|cli)/\w+\.py)`")
DOCUMENTS = [path for path in project_files() if path.suffix == ".md"]


def broken_links(folder: Path, text: str) -> list[str]:
    return [link for link in LINK.findall(text) if not (folder / link).exists()]


def missing_modules(text: str) -> list[str]:
    return [name for name in MODULE.findall(text) if not (PACKAGE / name).is_file()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_and_files_are_there(path):
    text = path.read_text(encoding="utf-8")
    assert broken_links(path.parent, text) == []
    assert missing_modules(text) == []


def test_a_broken_link_would_be_found(tmp_path):
    assert broken_links(tmp_path, "[a](missing.md) [b](https://example.org) [c](#here)") == ["missing.md"]
    assert missing_modules("see `quant/no_such.py` and `quant/slot.py`") == ["quant/no_such.py"]


def test_every_folder_of_the_package_is_in_the_architecture():
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    folders = [path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()]
    assert [name for name in folders if f"`src/gaq/{name}`" not in text] == []


def test_every_decision_is_listed():
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    pages = sorted((REPOSITORY / "docs" / "decisions").glob("*.md"))
    assert len(pages) >= 5
    assert [page.name for page in pages if f"decisions/{page.name}" not in text] == []
