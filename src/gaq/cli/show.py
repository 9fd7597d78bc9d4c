"""`gaq show`: print the contents of a model file, packed or not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gaq.cli.outputs import OverwriteOption, claim_rows

if TYPE_CHECKING:
    from gaq.cli.contents import Contents


def show(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Packed file or checkpoint.")],
    every: Annotated[bool, typer.Option("--all", help="List every tensor too.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the rows, one JSON object a line.")
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Print the contents of a model file: bits, bytes and their shares, hashes, units, data, recipe, accuracy."""
    from gaq.cli.contents import contents_of
    from gaq.measure.ledger import write_rows

    claim_rows(json_file, overwrite, [model])
    contents = contents_of(model)
    if json_file is not None:
        write_rows(json_file, contents.rows())
    print_contents(contents, every, Console(highlight=False))


def print_contents(contents: Contents, every: bool, console: Console) -> None:
    """Print facts, the schemes of the linear layers, bytes by group, and every tensor if requested."""
    width = max(len(name) for name, _ in contents.facts)
    for name, value in contents.facts:  # on separate lines, so that a hash can be copied whole
        console.print(Text(f"{name:<{width}}  ", style="bold").append(value, style="not bold"), soft_wrap=True)
    console.print()
    console.print(_schemes(contents))
    console.print()
    console.print(_groups(contents))
    if every:
        console.print()
        console.print(_tensors(contents))


def _schemes(contents: Contents) -> Table:
    table = Table("layer", "weight", "input", box=None, pad_edge=False)
    for layer, weight, features in contents.schemes:
        table.add_row(layer, weight, features)
    return table


def _groups(contents: Contents) -> Table:
    table = Table("what", box=None, pad_edge=False)
    for heading in ("bytes", "share"):
        table.add_column(heading, justify="right")
    for group, size in contents.groups.items():
        table.add_row(group, f"{size:,}", f"{size / contents.file_bytes:.1%}")
    table.add_row("file", f"{contents.file_bytes:,}", "100.0%", style="bold")
    return table


def _tensors(contents: Contents) -> Table:
    table = Table("tensor", "type", "shape", box=None, pad_edge=False)
    table.add_column("bytes", justify="right")
    for name, kind, shape, size in contents.tensors:
        table.add_row(name, kind, "×".join(map(str, shape)) or "1", f"{size:,}")
    return table
