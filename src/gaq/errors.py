"""Every mistake a user can make, as an exception whose text says what came, what was expected, and the way
out.

The command line prints `Name: text` and leaves with `exit_code`; a traceback is kept for our own faults.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class GaqError(Exception):
    """A user's mistake or a broken input. Its text is shown as it is."""

    exit_code = 2


class UsageError(GaqError):
    """Options that contradict each other, or a value outside its range."""


class ConfigError(GaqError):
    """A configuration file with an unknown key or a value that does not fit."""


class BadFile(GaqError):
    """A file that is missing, truncated, of another kind, or that cannot be written."""


class BadStructure(GaqError):
    """A structure that no force field can evaluate: empty, not finite, coinciding atoms, impossible cell."""


class BadLabels(GaqError):
    """Energies or forces that are missing, not finite, of the wrong shape, or plainly in other units."""


class UnsupportedElement(GaqError):
    """A structure with an element that the model was not trained on."""


class OutsideData(GaqError):
    """A structure unlike anything that the model was trained on, given to an engine in strict mode."""

    exit_code = 1


class OutsideWarning(UserWarning):
    """A structure unlike anything that the model was trained on; once for each engine."""


class RecipeError(GaqError):
    """A recipe that does not fit the slots of a model."""


class NotAvailable(GaqError):
    """Something optional that is not installed, not reachable, or not on this machine."""


class Diverged(GaqError):
    """Training or dynamics whose numbers stopped being finite."""

    exit_code = 1


class NotFinite(Diverged):
    """An energy, force or virial that is not finite, or larger than any in matter: no answer to go on with."""


def nearest(name: str, options: Iterable[str], alike: float = 0.5) -> str:
    """Return a hint such as ` Did you mean 'w4'?`, or an empty text when none is `alike` (0 to 1)."""
    found = difflib.get_close_matches(name, list(options), n=1, cutoff=alike)
    return f" Did you mean {found[0]!r}?" if found else ""
