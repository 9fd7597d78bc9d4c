"""What a training says when it is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from gaq.train.checkpoint import Checkpoint


def say_trained(checkpoint: Checkpoint, out: Path) -> None:
    """Prints where the model is, its validation errors, and what one does next."""
    console = Console()
    errors = checkpoint.manifest.get("validation")
    if errors is None:
        console.print(
            f"[bold]{out}/model.ckpt[/bold]  recipe {checkpoint.recipe.name}  (not validated: no data)",
            soft_wrap=True,
        )
        return
    console.print(
        f"[bold]{out}/model.ckpt[/bold]  recipe {checkpoint.recipe.name}  "
        f"E {errors['energy_mae_mev']:.2f} meV  F {errors['force_mae_mev_per_angstrom']:.2f} meV/Å  "
        f"(on {errors['n']} {errors['frames']} frames)",
        soft_wrap=True,
    )
    console.print(f"next: gaq evaluate {out}/model.ckpt --data FILE", highlight=False, soft_wrap=True)
