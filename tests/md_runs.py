"""What journeys of `gaq md` start from: two shipped models, ethanol in a file, and options of short runs."""

from __future__ import annotations

from pathlib import Path

import ase.io
from ase.build import molecule

from built import REPOSITORY

MODEL = REPOSITORY / "models" / "rmd17-ethanol-fp32.gaq"
FRAMED = REPOSITORY / "models" / "rmd17-ethanol-mixed-w4a16.gaq"
FAST = ("--every", "20", "--log-every", "10")


def ethanol_in(folder: Path) -> Path:
    """Write ethanol at rest into a folder; return the file."""
    ase.io.write(folder / "start.xyz", molecule("CH3CH2OH"))
    return folder / "start.xyz"
