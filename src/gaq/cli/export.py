"""`gaq export`: pack a checkpoint into one small file that an engine runs without PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from gaq.cli.outputs import PACKED, OverwriteOption, claim_output, claim_rows, expect_different

if TYPE_CHECKING:
    from gaq.measure.ledger import Row
    from gaq.pack.format import PackedModel

ENDING = ".gaq"


def export(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Checkpoint, float or quantized.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Packed file; MODEL.gaq by default.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(metavar="FILE", help="Frames to take the three golden ones from (default: molecules).")
    ] = None,
    backward: Annotated[
        int | None,
        typer.Option(metavar="BITS", help="Bits of the backward pass: 8, 16, or 32 for float (default: by recipe)."),
    ] = None,
    accuracy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Ledger of `gaq evaluate`: its rows go into the file.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the rows, one JSON object a line.")
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Pack a checkpoint into one file: integer weights, tables, recipe, manifest, golden frames."""
    from gaq.cli.packing import packed_checkpoint
    from gaq.engine.packed_file import write_checked
    from gaq.files import readable_file
    from gaq.measure.ledger import write_rows

    inputs = [model, data, accuracy]
    claim_rows(json_file, overwrite, inputs)
    _refuse_packed(readable_file(model))
    target = _target(model, out)
    claim_output(target, PACKED, overwrite, inputs)
    expect_different(json_file, target)
    packed = packed_checkpoint(model, data, backward, accuracy)
    write_checked(target, packed)
    rows = size_rows(packed, target)
    if json_file is not None:
        write_rows(json_file, rows)
    console = Console(highlight=False)
    _say(packed, target, console)
    for note in take_along(model, target):
        console.print(note, style="dim", soft_wrap=True, markup=False)


def take_along(model: Path, target: Path) -> list[str]:
    """Copy the measured rows of a checkpoint to the packed file; return a message if that failed."""
    from dataclasses import replace

    from gaq.cli.deployed import identity_of
    from gaq.cli.kept import keep, known_of
    from gaq.pack.format import read_packed

    identity = identity_of(target, read_packed(target).backward_bits)
    return keep(target, [replace(row, model=target.name) for row in known_of(model, {identity})])


def size_rows(packed: PackedModel, file: Path) -> list[Row]:
    """Return the size of the file and of its weights, and bits per weight including scales."""
    from gaq.measure.ledger import Row
    from gaq.pack.sizes import weight_bytes, weight_count

    weights = weight_bytes(packed)
    values = (
        ("file_bytes", float(file.stat().st_size), "bytes"),
        ("weight_bytes", float(weights), "bytes"),
        ("bits_per_weight", 8 * weights / weight_count(packed), "bits"),
    )
    return [Row(name, value, unit, file.name, packed.recipe_name, "native", "none", 1) for name, value, unit in values]


def _target(model: Path, out: Path | None) -> Path:
    from gaq.errors import UsageError

    target = model.with_suffix(ENDING) if out is None else out
    if target.resolve() == model.resolve():
        raise UsageError(f"{model} would be overwritten by its own export; name another file with -o.")
    return target


def _refuse_packed(path: Path) -> None:
    """Raise `UsageError` for a file that is packed already."""
    from gaq.errors import BadFile, UsageError
    from gaq.formats.container import read_container
    from gaq.pack.format import is_packed

    try:
        metadata = read_container(path).metadata
    except BadFile:
        return  # reading the checkpoint reports the error
    if is_packed(metadata):
        raise UsageError(f"{path} is packed already. Give the checkpoint it came from; `gaq show {path}` names it.")


def _say(packed: PackedModel, file: Path, console: Console) -> None:
    from gaq.pack.sizes import FLOAT_BYTES, bytes_by_group, float_parameter_bytes, weight_bytes, weight_count

    size, groups, weights, count = (
        file.stat().st_size,
        bytes_by_group(packed),
        weight_bytes(packed),
        weight_count(packed),
    )
    shares = {"weights": weights} | {g: groups[g] for g in ("radial table", "radial filters", "golden frames")}
    backward = "float" if packed.backward_bits == 32 else f"{packed.backward_bits} bits"
    for line in (
        f"[bold]{escape(str(file))}[/bold]  recipe {packed.recipe_name}, backward pass in {backward}",
        f"{size:,} bytes: {', '.join(f'{name} {part / size:.0%}' for name, part in shares.items())}",
        f"weights: {8 * weights / count:.2f} bits each with their scales, 1/{FLOAT_BYTES * count / weights:.1f} of "
        f"float32; the file: 1/{float_parameter_bytes(packed) / size:.1f} of all parameters in float32",
        f"[dim]next: gaq show {escape(str(file))}[/dim]",
    ):
        console.print(line, soft_wrap=True)
