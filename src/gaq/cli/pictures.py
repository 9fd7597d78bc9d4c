"""Requirements of `--plot`, checked before a long measurement."""

from __future__ import annotations

from pathlib import Path

from gaq.claims import Inputs
from gaq.cli.outputs import PICTURE, claim_output


def expect_picture(plot: Path | None, overwrite: bool, inputs: Inputs = ()) -> None:
    """Raise for a picture that could not be written at the end, or that would replace another file.

    Raises `UsageError`, `NotAvailable`, `BadFile`.
    """
    from importlib.util import find_spec

    from gaq.errors import NotAvailable, UsageError
    from gaq.extras import how_to_install

    if plot is None:
        return
    if plot.suffix.lower() != ".png":
        raise UsageError(f"--plot {plot}: pictures are PNG files; give a name that ends in .png")
    if find_spec("matplotlib") is None:
        raise NotAvailable(f"--plot needs matplotlib. {how_to_install('plots')}")
    claim_output(plot, PICTURE, overwrite, inputs)
