"""What mkdocs calls while it builds the site: marks that are filled from the code, and links that leave docs/."""

from __future__ import annotations

from typing import Any

from elsewhere import documents, in_the_site, sources
from filled import filled
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from navigation import whole


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the documents and sources outside docs/ that pages link to, and leaves out of the list what is not there."""
    for name, text in documents().items():
        files.append(File.generated(config, name, content=text))
    pages = {file.src_uri: file.content_string for file in files.documentation_pages()}
    for name, text in sources(pages).items():
        files.append(File.generated(config, name, content=text))
    config.nav = whole(config.nav or [], {file.src_uri: file.content_string for file in files.documentation_pages()})
    return files


def on_page_markdown(markdown: str, page: Any, config: MkDocsConfig, files: Files) -> str:
    """Fills what is marked for it, and turns links that work on a code host into links that work in the site."""
    return in_the_site(filled(markdown), page.file.src_uri)
