"""`gaq lammps`: build the plugin that runs packed models in LAMMPS, and print how to use it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from gaq.cli.outputs import PLUGIN, PLUGIN_RECORD, OverwriteOption, claim_output


def lammps(
    build: Annotated[bool, typer.Option("--build", help="Compile the plugin if it is missing or out of date.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of the plugin (default: inside gaq's own).")
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Build pair_style gaq for the installed LAMMPS, and print its path and how to use it."""
    from gaq.engine.lammps import RECORD, build_plugin, installed_lammps, is_current, plugin_path

    found = installed_lammps()
    if build:
        claim_output(plugin_path(out), PLUGIN, overwrite)
        claim_output(plugin_path(out).with_name(RECORD), PLUGIN_RECORD, overwrite)
        path, new = build_plugin(out)
        state = "built" if new else "up to date"
    else:
        path = plugin_path(out)
        state = "up to date" if is_current(path) else "old: gaq lammps --build" if path.is_file() else ""
    console = Console(highlight=False)
    console.print(Text(f"LAMMPS {found.version}, MPICH {found.mpi}"))
    if not state:
        console.print(Text("the plugin is not built yet. Build it with: gaq lammps --build"))
        return
    console.print(Text(f"plugin {path} ({state})"))
    for about, lines in instructions(path):
        console.print(Text(f"\n{about}", style="bold"))
        for line in lines:
            console.print(Text(f"   {line}", style="green"), soft_wrap=True)


def instructions(plugin: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return lines to paste into a LAMMPS input and into a shell."""
    import sys

    programs = Path(sys.executable).parent
    return (
        (
            "In the input, with an element for each atom type:",
            (f"plugin load {plugin}", "pair_style gaq", "pair_coeff * * model.gaq C H O"),
        ),
        ("On one core:", (f"{programs / 'lmp'} -in in.lammps",)),
        ("On four, each with a part of space:", (f"{programs / 'mpiexec'} -n 4 {programs / 'lmp'} -in in.lammps",)),
    )
