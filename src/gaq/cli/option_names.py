"""Errors of the library name parameters, as in `device`; the command line names the options that set them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

PARAMETER = re.compile(r"`([a-z][a-z_]*)`")
# Parameters whose options have another name: the first that a verb has.
OPTIONS = {
    "archive": ("from",),
    "arguments": ("args",),
    "backward_bits": ("backward",),
    "calibration": ("data",),
    "equilibration": ("equilibrate",),
    "frames": ("frames", "data"),
    "overrides": ("set",),
    "structures": ("data", "structure"),
    "timestep": ("dt",),
}


def with_options(text: str, known: Collection[str]) -> str:
    """Return a message with options in place of parameters; what none of the `known` options sets stays as it is."""

    def option(found: re.Match[str]) -> str:
        options = (f"--{name.replace('_', '-')}" for name in OPTIONS.get(found[1], (found[1],)))
        return next((option for option in options if option in known), found[0])

    return PARAMETER.sub(option, text)


def options_of(command: Any, arguments: Sequence[str]) -> list[str]:
    """Return the options of the verb that the arguments of a click command begin with."""
    for word in arguments:
        below = getattr(command, "commands", {}).get(word)
        if below is None:
            break
        command = below
    return [option for parameter in command.params for option in parameter.opts]
