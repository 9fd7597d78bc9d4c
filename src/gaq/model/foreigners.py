"""The networks of other programs that gaq can import, and how to find the one that a file holds."""

from __future__ import annotations

from gaq.errors import BadFile, UsageError, nearest
from gaq.formats.texts import shown
from gaq.model.foreign import SHOWN, Foreign, Shapes
from gaq.model.nequip.pretrained import FOREIGN as SEVENNET
from gaq.model.painn.pretrained import FOREIGN as PAINN

FOREIGNERS = (PAINN, SEVENNET)


def foreign_named(architecture: str, shapes: Shapes) -> Foreign:
    """Return who reads an architecture of gaq: the one that recognises the arrays, else the first.

    Raises `UsageError` for an architecture that nobody reads.
    """
    found = [foreign for foreign in FOREIGNERS if foreign.architecture == architecture]
    if not found:
        names = sorted({foreign.architecture for foreign in FOREIGNERS})
        raise UsageError(
            f"`architecture` {architecture!r}: expected one of {', '.join(names)}.{nearest(architecture, names)}"
        )
    return next((foreign for foreign in found if foreign.recognises(shapes)), found[0])


def foreign_of(shapes: Shapes, what: str) -> Foreign:
    """Return who reads a file with these arrays. Raises `BadFile` for a network that nobody recognises.

    `what` is what the sentence calls the file.
    """
    found = [foreign for foreign in FOREIGNERS if foreign.recognises(shapes)]
    if found:
        return found[0]
    some = ", ".join(shown(name, 40) for name in sorted(shapes)[:SHOWN])
    raise BadFile(
        f"{what} holds no network that gaq recognises by its {len(shapes)} arrays ({some}, …). It imports {known()}. "
        "Name the `architecture` if it is one of these with other names of arrays, to see which one is missing."
    )


def known() -> str:
    """Return the networks that gaq imports, with the architectures that they become, for a sentence."""
    return ", ".join(f"{foreign.name} ({foreign.architecture})" for foreign in FOREIGNERS)
