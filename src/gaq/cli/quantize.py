"""`gaq quantize`: a recipe into the slots of a float model, as it is (PTQ) or trained on (QAT)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gaq.quant.recipe import Recipe


def quantize(
    model: Annotated[Path | None, typer.Argument(help="Float checkpoint.", show_default=False)] = None,
    recipe: Annotated[str, typer.Option(help="Name of a preset, or a TOML file.")] = "w4a16",
    data: Annotated[str, typer.Option(help="Labelled frames to calibrate and train on.", show_default=False)] = "",
    epochs: Annotated[int, typer.Option(min=0, help="Epochs of training; 0 is PTQ.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for model.ckpt, last.ckpt, curve.jsonl.")] = Path("runs/quantize"),
    limit: Annotated[int | None, typer.Option(min=1, help="First N frames.", show_default=False)] = None,
    warmup: Annotated[
        int | None, typer.Option(min=0, help="Epochs before vectors are quantized; an eighth by default.")
    ] = None,
    lr: Annotated[float, typer.Option(min=0, help="Peak learning rate of the matrices.")] = 4e-4,
    batch: Annotated[int, typer.Option(min=1, help="Structures per step.")] = 10,
    distill: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of structures displaced and labelled by the float parent."),
    ] = 0.0,
    noise: Annotated[float, typer.Option(min=0, help="Displacement of those, Å per component.")] = 0.03,
    lee: Annotated[float, typer.Option(min=0, help="Weight of the LEE penalty on the forces.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads; small molecules gain nothing from more.")] = 1,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    compile: Annotated[
        bool, typer.Option("--compile", help="Compile the training step: minutes once, then 2 to 3 times as fast.")
    ] = False,
    freeze: Annotated[
        bool,
        typer.Option("--freeze/--no-freeze", help="Hold weights of few bits that go to and fro between two codes."),
    ] = True,
    gptq: Annotated[
        bool,
        typer.Option("--gptq", help="Round the weights by GPTQ first: a better start for four bits. Needs --data."),
    ] = False,
    budget: Annotated[
        str,
        typer.Option(
            metavar="KEY=LIMIT",
            help="Choose bits slot by slot: `bits=5` a weight, `kb=150` of file, or `force=6` meV/Å off the parent.",
            show_default=False,
        ),
    ] = "",
    budget_frames: Annotated[int, typer.Option(min=1, help="Frames that the choice is measured on.")] = 20,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from last.ckpt in --out.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run that is in --out.")] = False,
    list_recipes: Annotated[bool, typer.Option("--list-recipes", help="List the presets and leave.")] = False,
) -> None:
    """Quantize a float model: post-training with --epochs 0, quantization-aware training with more.

    --recipe fp32 with --epochs N is the control: the float model trained on for as long.
    """
    if list_recipes:
        from gaq.cli.recipes import print_recipes

        print_recipes()
        return
    from gaq.cli.budget import FILE, expect_budget, within_budget
    from gaq.cli.outputs import claim_run
    from gaq.cli.summary import say_trained
    from gaq.cli.training_progress import shown_training
    from gaq.data.read import read_dataset
    from gaq.engine.open import check_device
    from gaq.errors import UsageError
    from gaq.files import readable_file, writable_folder
    from gaq.locks import locked
    from gaq.train.checkpoint import load_checkpoint
    from gaq.train.interrupt import graceful_interrupt
    from gaq.train.memory import keep_freed_memory, use_threads
    from gaq.train.quantization import QuantizationPlan, run_quantization

    if model is None:
        raise UsageError("gaq quantize needs a float checkpoint, or --list-recipes to see the recipes.")
    if epochs and not data:
        raise UsageError(
            f"--epochs {epochs} trains, and there is nothing to train on: give labelled frames with --data."
        )
    expect_budget(budget, data, resume)
    chosen = recipe_named(recipe, warmup if warmup is not None else epochs // 8)
    if gptq:
        chosen = rounded_by_gptq(chosen, data)
    check_device(device)
    parent = load_checkpoint(readable_file(model))
    dataset = read_dataset(data, limit) if data else None
    use_threads(threads)
    keep_freed_memory()
    with locked(writable_folder(out)):
        claim_run(out, resume, overwrite, [model, data, recipe], more=(FILE,) if budget else ())
        if budget and dataset is not None:
            chosen = within_budget(
                budget, parent, chosen, model.name, dataset.subset(range(min(budget_frames, len(dataset)))), out
            )
        plan = QuantizationPlan(chosen, epochs, lr, batch, seed, distill, noise, lee, compile, freeze)
        with graceful_interrupt() as interrupt, shown_training(f"quantize {chosen.name}") as show:
            finished = run_quantization(
                parent, dataset, plan, out, device=device, resume=resume, interrupt=interrupt, show=show
            )
        if not epochs:  # a run that was replaced may have left what a run without training does not write
            for name in ("last.ckpt", "curve.jsonl"):
                (out / name).unlink(missing_ok=True)
    say_trained(finished, out)


def rounded_by_gptq(recipe: Recipe, data: str) -> Recipe:
    """The recipe with GPTQ before anything is trained. Raises `UsageError` where that has no sense."""
    from gaq.errors import UsageError
    from gaq.quant.treatment import Gptq

    if not data:
        raise UsageError("--gptq rounds weights by what the layers see: give some structures with --data.")
    if recipe.treatments:
        kind = type(recipe.treatments[0]).__name__
        raise UsageError(f"--gptq: recipe {recipe.name!r} rounds its weights by {kind} already; leave --gptq out.")
    return replace(recipe, treatments=(Gptq(),))


def recipe_named(name: str, warmup: int) -> Recipe:
    """A preset by name, or a recipe from a TOML file."""
    from gaq.quant.install import preset
    from gaq.quant.recipe import Recipe

    if name.endswith(".toml") or Path(name).is_file():
        return Recipe.from_toml(Path(name))
    return preset(name, warmup)
