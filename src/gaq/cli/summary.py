"""Final output of a training."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from gaq.train.checkpoint import Checkpoint


ERRORS = (
    ("E", "energy_mae_mev", "meV"),
    ("F", "force_mae_mev_per_angstrom", "meV/Å"),
    ("stress", "stress_mae_mev_per_cubic_angstrom", "meV/Å³"),
)


def say_remarks(remarks: Iterable[str]) -> None:
    """Print remarks about the data on stderr, one per line."""
    for remark in remarks:
        say_remark(remark)


def say_remark(remark: str) -> None:
    """Print one remark about the data on stderr."""
    print(f"data: {remark}", file=sys.stderr, flush=True)


def say_trained(checkpoint: Checkpoint, out: Path) -> None:
    """Print the path of the model, its validation errors, and the next command."""
    console = Console()
    errors = checkpoint.manifest.get("validation")
    if errors is None:
        console.print(
            f"[bold]{out}/model.ckpt[/bold]  recipe {checkpoint.recipe.name}  (not validated: no data)",
            soft_wrap=True,
        )
        return
    shown = "  ".join(f"{name} {errors[key]:.2f} {unit}" for name, key, unit in ERRORS if key in errors)
    console.print(
        f"[bold]{out}/model.ckpt[/bold]  recipe {checkpoint.recipe.name}  {shown}  "
        f"(on {errors['n']} {errors['frames']} frames)",
        soft_wrap=True,
    )
    console.print(f"next: gaq evaluate {out}/model.ckpt --data FILE", highlight=False, soft_wrap=True)
