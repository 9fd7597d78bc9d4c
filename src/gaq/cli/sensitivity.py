"""`gaq sensitivity`: the cost of quantizing each slot, and the equivariance error of each layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gaq.cli.outputs import OverwriteOption, claim_rows, expect_different

if TYPE_CHECKING:
    from gaq.cli.stage_progress import StageProgress
    from gaq.cost.sensitivity import Trial
    from gaq.data.dataset import Dataset
    from gaq.measure.ledger import Row
    from gaq.quant.recipe import Recipe
    from gaq.train.checkpoint import Checkpoint


def sensitivity(
    model: Annotated[Path, typer.Argument(help="Float checkpoint; with --bound also a quantized one.")],
    data: Annotated[str, typer.Option(metavar="FILE", help="Labelled frames: npz or extended XYZ; `embedded`.")],
    recipe: Annotated[str, typer.Option(help="Name of a preset, or a TOML file.")] = "frame-w4a8",
    by: Annotated[str, typer.Option(help="Unit that is quantized alone: slot, kind, layer or role.")] = "slot",
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Measure on the first N frames.")] = 20,
    calibrate: Annotated[str, typer.Option(metavar="FILE", help="Frames to calibrate on (default: the same).")] = "",
    rotations: Annotated[int, typer.Option(min=0, help="Rotations per frame; 0: no symmetry.")] = 4,
    path_frames: Annotated[int, typer.Option(min=0, help="Frames of the closed-path test; 0: none.")] = 1,
    bound: Annotated[
        bool, typer.Option("--bound", help="Measure the equivariance error of each layer instead, with bounds.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of rotations and paths.")] = 0,
    threads: Annotated[int, typer.Option(min=1)] = 1,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the rows, one JSON object a line.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.png", help="Plot what each part costs.")] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Quantize each slot alone, post-training, and measure the effect on energy, forces, symmetry and conservation.

    With --bound: the equivariance error of each layer as measured, as estimated, and its provable bound.
    """
    from gaq.cli.pictures import expect_picture
    from gaq.cli.recipes import recipe_named
    from gaq.cli.stage_progress import StageProgress
    from gaq.data.read import read_dataset
    from gaq.errors import UsageError
    from gaq.files import readable_file
    from gaq.train.checkpoint import load_checkpoint
    from gaq.train.memory import keep_freed_memory, use_threads

    claim_rows(json_file, overwrite, [model, data, calibrate, recipe])
    expect_picture(plot, overwrite, [model, data, calibrate, recipe])
    expect_different(json_file, plot)
    if plot is not None and bound:
        raise UsageError("--plot draws what each part costs; --bound has a table only. Leave one of them out.")
    checkpoint = load_checkpoint(readable_file(model))
    chosen = recipe_named(recipe, 0)
    use_threads(threads)
    keep_freed_memory()
    test = read_dataset(data, limit)
    frames = read_dataset(calibrate, limit) if calibrate else test
    with StageProgress() as watch:
        if bound:
            rows = _bounds(checkpoint, chosen, model.name, frames, test, rotations, seed, watch)
        else:
            rows = _costs(_trial(checkpoint, chosen, model.name, frames, test, rotations, path_frames, seed), by, watch)
    _show(rows, bound, f"{model.name}, {len(test)} frames of {test.name}", json_file, plot)


def _trial(
    parent: Checkpoint,
    recipe: Recipe,
    name: str,
    calibration: Dataset,
    test: Dataset,
    rotations: int,
    circled: int,
    seed: int,
) -> Trial:
    from dataclasses import replace

    from gaq.cost.sensitivity import trial_on
    from gaq.errors import UsageError

    if parent.recipe.name != "fp32":
        raise UsageError(
            f"{name} is already quantized (recipe {parent.recipe.name!r}). Give the float checkpoint it came from, or "
            f"ask for --bound."
        )
    trial = trial_on(parent.model, name, recipe, calibration, test, rotations)
    return replace(trial, circled=circled, seed=seed)


def _costs(trial: Trial, by: str, watch: StageProgress) -> list[Row]:
    from gaq.cost.sensitivity import sensitivity as measure

    return measure(trial, by, lambda part, done, total: watch("parts", done, total, part))


def _bounds(
    checkpoint: Checkpoint,
    recipe: Recipe,
    name: str,
    calibration: Dataset,
    test: Dataset,
    rotations: int,
    seed: int,
    watch: StageProgress,
) -> list[Row]:
    from gaq.cost.layers import layer_rows
    from gaq.train.session import quantize

    network, called = checkpoint.model, checkpoint.recipe.name
    if called == "fp32":
        network, called = quantize(network, recipe, calibration), recipe.name
    return layer_rows(network, name, called, test, max(1, rotations), seed, watch.stage("layers"))


def _show(rows: list[Row], bound: bool, title: str, json_file: Path | None, plot: Path | None) -> None:
    from gaq.measure.ledger import write_rows
    from gaq.report.layers import layer_table
    from gaq.report.slots import cost_figure, cost_table, floor_line
    from gaq.report.style import LIGHT, write_png
    from gaq.report.tables import print_table

    if json_file is not None:
        write_rows(json_file, rows)
    recipe = next(entry.recipe for entry in rows)
    console = Console(highlight=False)
    heading = f"{recipe} on {title}"
    print_table(layer_table(rows, heading) if bound else cost_table(rows, heading), console)
    if not bound and (line := floor_line(rows)):
        console.print(line, style="dim", soft_wrap=True, markup=False)
    if plot is not None:
        write_png(plot, cost_figure(rows, heading, LIGHT))
