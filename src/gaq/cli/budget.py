"""`gaq quantize --budget`: choose bits slot by slot; print the recipe and write it as TOML next to the model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from gaq.cost.allot import Allotment
    from gaq.data.dataset import Dataset
    from gaq.quant.recipe import Recipe
    from gaq.train.checkpoint import Checkpoint

FILE = "recipe.toml"


def expect_budget(budget: str, data: str, resume: bool) -> None:
    """Raise `UsageError` for a budget that cannot be parsed or has no frames to be measured on."""
    from gaq.cost.budget import parse_budget
    from gaq.errors import UsageError

    if not budget:
        return
    parse_budget(budget)
    if not data:
        raise UsageError(f"--budget {budget}: the cost of each slot is measured on frames; give some with --data.")
    if resume:
        raise UsageError(f"--budget {budget} with --resume: resume with the chosen recipe instead, --recipe …/{FILE}.")


def within_budget(budget: str, parent: Checkpoint, recipe: Recipe, name: str, frames: Dataset, out: Path) -> Recipe:
    """Return the recipe with its bits chosen; print it as a table and write it to `recipe.toml` in `out`."""
    from gaq.cli.stage_progress import StageProgress
    from gaq.cost.allot import allot
    from gaq.cost.budget import parse_budget
    from gaq.cost.sensitivity import trial_on
    from gaq.errors import UsageError
    from gaq.files import write_atomically
    from gaq.report.tables import print_table

    if parent.recipe.name != "fp32":
        raise UsageError(f"{name} is quantized already (recipe {parent.recipe.name!r}). Give the float checkpoint.")
    trial = trial_on(parent.model, name, recipe, frames, frames)
    with StageProgress() as watch:
        found = allot(trial, parse_budget(budget), lambda slot, done, total: watch("slots", done, total, slot))
    write_atomically(out / FILE, lambda temporary: temporary.write_text(found.recipe.to_toml(), encoding="utf-8"))
    console = Console(highlight=False)
    print_table(_table(found), console)
    console.print(
        f"[bold]{escape(str(out / FILE))}[/bold]  {found.bits_per_weight:.2f} bits per weight; without training "
        f"{found.force:.3g} meV/Å off the parent ({found.predicted:.3g} if slots were independent), "
        f"{len(frames)} frames",
        soft_wrap=True,
    )
    return found.recipe


def _table(found: Allotment) -> Table:
    """Return a table of slots, the most expensive first: their bits, and the cost of each option on its own."""
    from gaq.cost.allot import FLOAT
    from gaq.report.numbers import significant

    table = Table(title=found.recipe.name, title_justify="left", header_style="bold", box=box.SIMPLE)
    table.add_column("slot")
    table.add_column("bits", justify="right")
    table.add_column("alone, at its options: F RMSE meV/Å / E RMSE meV")
    for choice in sorted(found.choices, key=lambda choice: -choice.error[-1]):
        named = ["float" if bits == FLOAT else str(bits) for bits in choice.bits]
        pairs = zip(named, found.alone[choice.slot], choice.error, strict=True)
        costs = ", ".join(f"{n}: {significant(f)} / {significant(max(e - f * f, 0.0) ** 0.5, 2)}" for n, f, e in pairs)
        table.add_row(choice.slot, named[choice.bits.index(found.bits[choice.slot])], costs)
    return table
