"""The option `--cluster` of commands that consist of many jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gaq.farm.protocol import Farm

ClusterOption = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="Compute on the workers of a Dask scheduler: tcp://host:8786 (docs/farms.md)."
    ),
]


def farm_of(cluster: str | None, cores: int | None = None) -> Farm:
    """Return the farm that the option names; report waiting on stderr. Raises the errors of `open_farm`."""
    from gaq.farm.open import open_farm

    return open_farm(cluster, cores, lambda sentence: typer.echo(sentence, err=True))
