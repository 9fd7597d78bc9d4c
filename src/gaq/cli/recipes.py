"""Recipes on the command line: by name, by file, with suffixes; and the list of `--list-recipes`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from gaq.quant.recipe import Recipe


def recipe_named(name: str, warmup: int) -> Recipe:
    """Return a preset by name, or the recipe in a TOML file; either may have the suffix `+gptq` or `+nearest`."""
    from gaq.quant.install import preset
    from gaq.quant.recipe import Recipe
    from gaq.quant.rounding import rounded

    if Path(name).is_file():
        return Recipe.from_toml(Path(name))
    file, *roundings = name.split("+")
    if not (file.endswith(".toml") or Path(file).is_file()):
        return preset(name, warmup)
    recipe = Recipe.from_toml(Path(file))
    for rounding in roundings:
        recipe = rounded(recipe, rounding)
    return recipe


def split_budget(name: str, budget: str) -> tuple[str, str]:
    """Split a recipe name into the name and a budget such as `+bits=6.2`; without one, return the given budget.

    Raises `UsageError` for two budgets.
    """
    from gaq.errors import UsageError

    if Path(name).is_file():
        return name, budget
    short, *changes = name.split("+")
    limits = [change for change in changes if "=" in change]
    if len(limits) + bool(budget) > 1:
        raise UsageError(f"recipe {name!r} has more than one budget: {', '.join([*limits, budget])}. Give one.")
    rest = "+".join([short, *(change for change in changes if "=" not in change)])
    return rest, limits[0] if limits else budget


def print_recipes() -> None:
    """Print a table of every preset and the first paragraph of its documentation, the recommended one first."""
    from gaq.quant.presets import all_presets
    from gaq.quant.recommended import RECOMMENDED

    table = Table("recipe", "what it does", box=None, pad_edge=False)
    for name, build in sorted(all_presets().items(), key=lambda entry: entry[0] != RECOMMENDED):
        about = _first_paragraph(build.__doc__ or "")
        table.add_row(f"[bold]{name}[/bold]", f"{about} The default." if name == RECOMMENDED else about)
    Console().print(table)


def _first_paragraph(text: str) -> str:
    return " ".join(text.strip().split("\n\n")[0].split())
