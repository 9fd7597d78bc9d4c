"""Find libraries, assemble the page and write it atomically."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gaq.files import write_atomically
from gaq.report.gather import Found
from gaq.report.libraries import find_libraries
from gaq.report.page import Text, page
from gaq.report.parts import Facts


@dataclass(frozen=True)
class Published:
    """The size of a page, and what is missing on it."""

    size: int  # bytes
    libraries: int  # bytes of the libraries in it
    missing: tuple[str, ...]

    @property
    def said(self) -> str:
        """Return the sizes in words."""
        return f"{self.size / 1e6:.1f} MB, {self.libraries / 1e6:.1f} MB of it libraries"


def publish(
    target: Path, text: Text, found: Found, files: Sequence[tuple[str, Facts]], viewer: Path | None = None
) -> Published:
    """Write the page. Raises `BadFile` if it cannot be written."""
    libraries = find_libraries(movies=bool(found.movies), viewer_file=viewer)
    content = page(text, found, files, libraries).encode("utf-8")
    write_atomically(target, lambda temporary: temporary.write_bytes(content))
    taken = sum(len(code.encode("utf-8")) for code in (libraries.plotly, libraries.viewer) if code)
    return Published(len(content), taken, libraries.missing)
