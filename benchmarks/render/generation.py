"""What a page says whose rows are of the first generation of the network."""

from __future__ import annotations


def first(decisions: str) -> str:
    """Return the sentence; `decisions` is the way from the page to that folder."""
    return (
        "*First generation:* these figures are of the network of gaq 0.1.0, of degree 1, with vectors over edges "
        f"([decision 22]({decisions}/0022-products-on-the-atom.md)); commit 8ff80c6 measures them."
    )
