"""The option that chooses among several sets of labels in one file."""

from __future__ import annotations

from typing import Annotated

import typer

LabelsOption = Annotated[
    str,
    typer.Option(
        "--labels",
        metavar="FAMILY",
        help="Labels to read where a file has several: a prefix such as REF_, `plain`, or ENERGY,FORCES.",
        show_default=False,
    ),
]
