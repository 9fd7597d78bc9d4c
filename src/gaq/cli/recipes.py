"""`gaq quantize --list-recipes`: the presets, one line each."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table


def print_recipes() -> None:
    """A table of name, what it does, and its first line of documentation."""
    from gaq.quant.presets import all_presets

    table = Table("recipe", "what it does", box=None, pad_edge=False)
    for name, build in all_presets().items():
        table.add_row(f"[bold]{name}[/bold]", _first_paragraph(build.__doc__ or ""))
    Console().print(table)


def _first_paragraph(text: str) -> str:
    return " ".join(text.strip().split("\n\n")[0].split())
