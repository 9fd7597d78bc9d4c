"""What `--plot` needs, asked before a long measurement rather than after it."""

from __future__ import annotations

from pathlib import Path


def expect_picture(plot: Path | None) -> None:
    """Raises `UsageError` or `NotAvailable` for a picture that could not be written at the end."""
    from importlib.util import find_spec

    from gaq.errors import NotAvailable, UsageError
    from gaq.extras import how_to_install
    from gaq.files import writable_folder

    if plot is None:
        return
    if plot.suffix.lower() != ".png":
        raise UsageError(f"--plot {plot}: pictures are PNG files; give a name that ends in .png")
    if find_spec("matplotlib") is None:
        raise NotAvailable(f"--plot needs matplotlib. {how_to_install('plots')}")
    if not plot.exists():
        writable_folder(plot.parent)
