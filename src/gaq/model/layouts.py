"""The layouts of packed files by the name of the architecture; without torch. `architectures.py` has the networks."""

from __future__ import annotations

from gaq.errors import BadFile
from gaq.model.layout import Layout
from gaq.model.painn.layout import LAYOUT as PAINN
from gaq.model.transformer.layout import LAYOUT as TRANSFORMER

LAYOUTS = {layout.name: layout for layout in (TRANSFORMER, PAINN)}


def layout_named(name: str, what: str) -> Layout:
    """Return the layout of an architecture. Raises `BadFile` for one that this gaq does not know; `what` names the
    file.
    """
    if name not in LAYOUTS:
        known = " and ".join(map(repr, LAYOUTS))
        raise BadFile(f"{what} holds a {name[:40]!r}; this gaq knows {known}. Use a newer gaq.")
    return LAYOUTS[name]
