"""The output of `gaq` without arguments: four workflows, from a molecule to a model in use, to copy and paste."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.text import Text


@dataclass(frozen=True)
class Journey:
    """One workflow: its result and its commands."""

    name: str
    about: str
    lines: tuple[str, ...]


QUICKEST = Journey(
    "Everything at once",
    "on a small molecule, from data to the table, in some minutes",
    ("gaq demo",),
)

# The embedded frames come from runs with seed 0, so they can test a model trained on frames of seed 1.
JOURNEYS = (
    Journey(
        "1  Train",
        "reference frames become a force field in float",
        (
            "gaq data label ethanol --frames 1000 --seed 1 --workers 2 -o ethanol.xyz",
            "gaq train ethanol.xyz --epochs 60 --out runs/a",
        ),
    ),
    Journey(
        "2  Quantize",
        "the same model with integer codes, its symmetry kept",
        (
            "gaq quantize runs/a/model.ckpt --data ethanol.xyz --out runs/b",
            "gaq quantize --list-recipes",
        ),
    ),
    Journey(
        "3  Evaluate and check",
        "what it cost, and whether the physics is whole",
        (
            "gaq evaluate runs/a/model.ckpt runs/b/model.ckpt --parent runs/a/model.ckpt --data embedded",
            "gaq check runs/b/model.ckpt --data embedded",
            "gaq report runs/a runs/b",
        ),
    ),
    Journey(
        "4  Deploy",
        "one small file, dynamics, and a calculator for ASE, in Python",
        (
            "gaq export runs/b/model.ckpt -o model.gaq --data ethanol.xyz",
            "gaq show model.gaq",
            "gaq bench model.gaq --control runs/b/model.ckpt",
            "gaq md model.gaq ethanol.xyz --steps 20000 -o nve.traj",
            "import gaq",
            "from ase.build import molecule",
            'atoms = molecule("CH3CH2OH")',
            'atoms.calc = gaq.Calculator("runs/b/model.ckpt")',
            "atoms.get_potential_energy(), atoms.get_forces()",
        ),
    ),
)

AFTERWORD = "gaq VERB --help lists options and an example; gaq doctor checks this machine."


def print_journeys(console: Console) -> None:
    """Print the page. Commands have no prompt and no frame, so that they can be copied."""
    console.print()
    console.print(
        Text("gaq", style="bold cyan").append("  equivariant force fields, quantized with their physics", "dim")
    )
    for journey in (QUICKEST, *JOURNEYS):
        console.print()
        console.print(Text(journey.name, style="bold").append(f"  {journey.about}", style="dim not bold"))
        for line in journey.lines:
            console.print(Text(f"   {line}", style="green"), soft_wrap=True)
    console.print()
    console.print(Text(AFTERWORD, style="dim"))
