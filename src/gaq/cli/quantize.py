"""`gaq quantize`: apply a recipe to a float model, with training (QAT) or without (PTQ)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gaq.cli.labels import LabelsOption
from gaq.quant.recommended import RECOMMENDED

if TYPE_CHECKING:
    from gaq.data.dataset import Dataset
    from gaq.quant.recipe import Recipe
    from gaq.train.checkpoint import Checkpoint
    from gaq.train.quantization import QuantizationPlan


def quantize(
    model: Annotated[Path | None, typer.Argument(help="Float checkpoint.", show_default=False)] = None,
    data: Annotated[
        str, typer.Option(metavar="FILE", help="Labelled frames to calibrate and train on.", show_default=False)
    ] = "",
    more: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Other frames to train on, such as a teacher's.", show_default=False),
    ] = None,
    recipe: Annotated[
        str, typer.Option(help="Name of a preset, also with +gptq, +nearest or +bits=6.2; or a TOML file.")
    ] = RECOMMENDED,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Epochs of training; 0 is PTQ. Default: about 1,200 steps for weights below 8 bits, else 0.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for model.ckpt, last.ckpt, curve.jsonl.")] = Path("runs/quantize"),
    limit: Annotated[int | None, typer.Option(min=1, help="First N frames.", show_default=False)] = None,
    warmup: Annotated[
        int | None, typer.Option(min=0, help="Epochs before vectors are quantized; an eighth by default.")
    ] = None,
    lr: Annotated[float, typer.Option(min=0, help="Peak learning rate of the matrices.")] = 1e-3,
    batch: Annotated[int, typer.Option(min=1, help="Structures per step.")] = 10,
    distill: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of structures displaced and labelled by the float parent."),
    ] = 0.0,
    noise: Annotated[float, typer.Option(min=0, help="Displacement of these structures, Å per component.")] = 0.03,
    lee: Annotated[float, typer.Option(min=0, help="Weight of the LEE penalty on the forces.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads (small molecules gain nothing from more).")] = 1,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    compile: Annotated[
        bool,
        typer.Option(
            "--compile", help="Compile the step in the background, then 2 to 3 times as fast; resumes up to round-off."
        ),
    ] = False,
    freeze: Annotated[
        bool,
        typer.Option("--freeze/--no-freeze", help="Freeze low-bit weights that oscillate between two values."),
    ] = True,
    labels: LabelsOption = "",
    budget: Annotated[
        str,
        typer.Option(
            metavar="KEY=LIMIT",
            help="Choose bits slot by slot: `bits=5` per weight, `kb=150` of file, or `force=6` meV/Å from the parent.",
            show_default=False,
        ),
    ] = "",
    budget_frames: Annotated[int, typer.Option(min=1, help="Frames to measure the choice on.")] = 20,
    resume: Annotated[bool, typer.Option("--resume", help="Continue from last.ckpt in --out.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run in --out.")] = False,
    list_recipes: Annotated[bool, typer.Option("--list-recipes", help="List the presets and exit.")] = False,
) -> None:
    """Quantize a float model with the recommended recipe, or another one.

    With --data the model is calibrated and trained. Without data only recipes with 8-bit weights and no calibration
    are possible. --recipe fp32 with --epochs N is the control: the float model trained for as long.
    """
    from gaq.cli.recipes import print_recipes, recipe_named, split_budget

    if list_recipes:
        print_recipes()
        return
    from gaq.cli.budget import FILE, expect_budget, within_budget
    from gaq.cli.run_folder import RUN, expect_new_run, remove_run
    from gaq.data.read import read_dataset, with_more
    from gaq.engine.open import check_device
    from gaq.errors import UsageError
    from gaq.files import readable_file, writable_folder
    from gaq.locks import locked
    from gaq.train.checkpoint import load_checkpoint
    from gaq.train.memory import keep_freed_memory, use_threads
    from gaq.train.quantization import QuantizationPlan

    if model is None:
        raise UsageError("gaq quantize needs a float checkpoint, or --list-recipes to see the recipes.")
    if more and not data:
        raise UsageError(f"--more {more[0]} adds to labelled frames, but there are none: give them with --data.")
    if epochs and not data:
        raise UsageError(f"--epochs {epochs} trains, but there is no data: give labelled frames with --data.")
    recipe, budget = split_budget(recipe, budget)
    expect_budget(budget, data, resume)
    chosen = recipe_named(recipe, 0)  # raises for an unknown name
    check_device(device)
    parent = load_checkpoint(readable_file(model))
    if not data:
        _expect_few_losses(chosen, recipe, parent, model, out)
    written = (*RUN, FILE) if budget else RUN
    expect_new_run(out, resume, overwrite, written, [model, data, recipe, *(more or [])])
    dataset = with_more(read_dataset(data, limit, labels=labels), more or ()) if data else None
    length = _epochs(epochs, chosen, dataset, batch)
    chosen = recipe_named(recipe, warmup if warmup is not None else length // 8)
    use_threads(threads)
    keep_freed_memory()
    with locked(writable_folder(out)):
        expect_new_run(out, resume, overwrite, written)  # another process may have finished a run meanwhile
        if budget and dataset is not None:
            chosen = within_budget(
                budget, parent, chosen, model.name, dataset.subset(range(min(budget_frames, len(dataset)))), out
            )
        plan = QuantizationPlan(chosen, length, lr, batch, seed, distill, noise, lee, compile, freeze)
        if overwrite:
            remove_run(out)
        _train(parent, dataset, plan, out, device, resume)


def _train(
    parent: Checkpoint, dataset: Dataset | None, plan: QuantizationPlan, out: Path, device: str, resume: bool
) -> None:
    """Calibrate and train by a plan, showing progress, until its end or the first Ctrl-C."""
    from gaq.cli.summary import say_remark, say_trained
    from gaq.cli.training_progress import shown_training
    from gaq.train.interrupt import graceful_interrupt
    from gaq.train.quantization import run_quantization

    with graceful_interrupt() as interrupt, shown_training(f"quantize {plan.recipe.name}") as show:
        finished = run_quantization(
            parent, dataset, plan, out, device=device, resume=resume, interrupt=interrupt, show=show, tell=say_remark
        )
    say_trained(finished, out)


def _expect_few_losses(recipe: Recipe, typed: str, parent: Checkpoint, model: Path, out: Path) -> None:
    """Raise `UsageError` for low-bit weights without data, with a command that works."""
    from gaq.errors import UsageError
    from gaq.quant.rounding import fewest_weight_bits

    bits = fewest_weight_bits(recipe)
    if bits >= 8 and not recipe.ptq_passes:
        return
    trained = parent.manifest.get("config", {}).get("data", {}).get("file")
    known = f" (the float model was trained on {trained})" if trained else ""
    frames = trained if trained and Path(trained).is_file() else "FRAMES"
    named = "" if recipe.name == RECOMMENDED else f" --recipe {typed}"
    raise UsageError(
        f"recipe {recipe.name!r} rounds weights to {bits} bits, which needs labelled frames to calibrate and train on"
        f"{known}; without them forces are far off. Type: gaq quantize {model}{named} --data {frames} --out {out}. "
        f"Eight bits for weights alone need no data: --recipe w8."
    )


def _epochs(asked: int | None, recipe: Recipe, dataset: Dataset | None, batch: int) -> int:
    """Return the epochs to train for; print the default that was chosen, or a warning, on stderr."""
    from gaq.quant.rounding import fewest_weight_bits
    from gaq.train.quantization import sensible_epochs

    bits = fewest_weight_bits(recipe)
    if dataset is None:
        return 0
    if asked is None:
        chosen = sensible_epochs(recipe, len(dataset), batch)
        if chosen:
            typer.echo(f"{recipe.name}: {chosen} epochs on {len(dataset)} frames; --epochs changes that", err=True)
        return chosen
    if asked == 0 and bits < 8:
        typer.echo(f"{recipe.name}: {bits}-bit weights without training; leave out --epochs 0 to train them", err=True)
    return asked
