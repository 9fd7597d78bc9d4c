"""Documents and sources outside docs/ that pages of the site lead to.

On a code host `../native/include/gaq.h` is a file of the repository. In the site it becomes a page that shows the file,
and a document such as CONTRIBUTING.md becomes a page under its own name.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = "docs/"
SHOWN = "source/"  # where the pages are that show a source file
LINK = re.compile(r"(\]\()(?!https?:|#|mailto:)([^)#\s]+)((?:#[^)\s]*)?\))")
CODE = re.compile(r"(^```.*?^```|`[^`\n]*`)", re.MULTILINE | re.DOTALL)
LANGUAGES = {".py": "python", ".h": "c", ".c": "c", ".cpp": "cpp", ".hpp": "cpp", ".toml": "toml", ".sh": "sh"}


def documents() -> dict[str, str]:
    """The documents outside docs/ that have a page, by their path in the repository, which is also that in the site."""
    paths = [
        *(REPOSITORY / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "models/README.md")),
        *(
            path
            for folder in ("examples", "native", "studies")
            for path in sorted(REPOSITORY.glob(f"{folder}/*/README.md"))
        ),
    ]
    return {path.relative_to(REPOSITORY).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def sources(pages: Mapping[str, str]) -> dict[str, str]:
    """A page for every source file that a page links to."""
    shown: dict[str, str] = {}
    for uri, text in pages.items():
        for link in _links(text):
            path = _repository_path(link, uri)
            if _is_source(path):
                shown[f"{SHOWN}{path}.md"] = _page_of(path)
    return shown


def in_the_site(markdown: str, uri: str) -> str:
    """The page `uri` with its links to files of the repository turned into links to pages of the site."""
    here = posixpath.dirname(uri)

    def turned(link: str) -> str:
        path = _repository_path(link, uri)
        target = _site_path(path)
        return link if target is None else posixpath.relpath(target, here or ".")

    return _outside_code(markdown, lambda text: LINK.sub(lambda m: m[1] + turned(m[2]) + m[3], text))


def as_in_docs(markdown: str) -> str:
    """Text of the README with its links as a page of docs/ writes them."""
    return _outside_code(
        markdown, lambda text: LINK.sub(lambda m: m[1] + posixpath.relpath(m[2], DOCS.rstrip("/")) + m[3], text)
    )


def _site_path(path: str) -> str | None:
    """The page or file of the site that shows a path of the repository; None if there is none."""
    if path.startswith(DOCS):
        return path.removeprefix(DOCS)
    if path == "README.md":
        return "index.md"
    if path in documents() or f"{path}/README.md" in documents():
        return path if path in documents() else f"{path}/README.md"
    return f"{SHOWN}{path}.md" if _is_source(path) else None


def _repository_path(link: str, uri: str) -> str:
    """The path in the repository that a link on the page `uri` means."""
    page = uri if uri in documents() else DOCS + uri
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), link))


def _is_source(path: str) -> bool:
    return not path.startswith((DOCS, "..")) and not path.endswith(".md") and (REPOSITORY / path).is_file()


def _page_of(path: str) -> str:
    file = REPOSITORY / path
    language = LANGUAGES.get(file.suffix, "text")
    return f"# {path}\n\n~~~~{language}\n{file.read_text(encoding='utf-8').rstrip()}\n~~~~\n"


def _links(text: str) -> Iterator[str]:
    for number, part in enumerate(CODE.split(text)):
        if number % 2 == 0:
            yield from (found[2] for found in LINK.finditer(part))


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    parts = CODE.split(text)
    return "".join(part if number % 2 else change(part) for number, part in enumerate(parts))
