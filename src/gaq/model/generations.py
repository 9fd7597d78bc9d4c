"""Networks of earlier releases under a name of today: what a reader says of their files. Without torch."""

from __future__ import annotations

from gaq.version import __version__

TRANSFORMER = "transformer"


def first_generation(what: str, version: str, expected: int, writer: str) -> str:
    """Return the sentence that refuses a transformer that sends vectors over edges, with versions of its file."""
    return (
        f"{what} holds a transformer of the first generation (version {version} of its format); this gaq "
        f"({__version__}) has the second, from version {expected} on: its weights have other shapes. Train it again "
        f"with this gaq, or use the gaq that wrote it ({writer})."
    )
