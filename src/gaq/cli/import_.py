"""`gaq import`: make a checkpoint of a network that another program trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from gaq.claims import FileKind
from gaq.cli.option_names import with_options
from gaq.cli.outputs import OverwriteOption, claim_output

if TYPE_CHECKING:
    from gaq.train.importing import Imported

ENDING = ".ckpt"


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Arrays in safetensors format; settings beside them.")],
    architecture: Annotated[
        str | None, typer.Option(metavar="NAME", help="Architecture of gaq (default: by the names of the arrays).")
    ] = None,
    elements: Annotated[
        str, typer.Option(metavar="H,C,…", help="Keep these elements only, where the file does not say which it knows.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="CKPT", help="Checkpoint; FILE.ckpt by default.")
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Import a network of another program: read its arrays and settings, write a checkpoint.

    The checkpoint is an ordinary one: evaluate, quantize, check and export it. Every array is used, and what gaq
    cannot represent is refused.
    """
    from gaq.train.checkpoint import save_checkpoint
    from gaq.train.importing import import_arrays, read_foreign, settings_beside

    kept = atomic_numbers(elements)
    read_foreign(file)
    target = file.with_suffix(ENDING) if out is None else out
    claim_output(target, IMPORTED, overwrite, [file, settings_beside(file)])
    made = import_arrays(file, architecture, kept)
    save_checkpoint(target, made.checkpoint)
    _say(made, target, Console(highlight=False))


def atomic_numbers(symbols: str) -> tuple[int, ...]:
    """Return the atomic numbers of symbols between commas, such as H,C,O. Raises `UsageError` for anything else."""
    from gaq.atoms.elements import SYMBOLS
    from gaq.errors import UsageError

    named = [symbol.strip() for symbol in symbols.split(",")] if symbols.strip() else []
    for symbol in named:
        if symbol not in SYMBOLS[1:]:
            raise UsageError(f"--elements {symbols}: {symbol!r} is no element; expected symbols such as H,C,O.")
    return tuple(sorted({SYMBOLS.index(symbol) for symbol in named}))


def _say(made: Imported, target: Path, console: Console) -> None:
    from gaq.atoms.elements import SYMBOLS

    model = made.checkpoint.model
    count = sum(parameter.numel() for parameter in model.parameters())
    elements = " ".join(SYMBOLS[z] for z in model.species)
    read = "no settings beside the file" if made.settings is None else f"settings from {made.settings.name}"
    lines = [
        f"[bold]{escape(str(target))}[/bold]  {made.foreign.name}, {read}",
        f"{model.config.architecture}, {len(model.layers)} layers, {count:,} parameters, cutoff {model.cutoff:g} Å",
        f"elements: {elements}",
    ]
    for line in lines:
        console.print(line, soft_wrap=True)
    for remark in made.remarks:
        console.print(f"note: {with_options(remark, ('--elements',))}", soft_wrap=True, markup=False)
    console.print(f"[dim]next: gaq quantize {escape(str(target))} --data FRAMES[/dim]", soft_wrap=True)


def _is_imported(path: Path) -> bool:
    from gaq.engine.open import header_of

    texts = header_of(path)
    try:
        return texts.get("format") == "gaq-checkpoint" and "imported" in json.loads(texts["manifest"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return False


IMPORTED = FileKind("a checkpoint of `gaq import`", _is_imported)
