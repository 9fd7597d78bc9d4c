"""`gaq train`: train a float model from labelled frames, with or without a configuration."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Annotated

import typer


def train(
    source: Annotated[
        str,
        typer.Argument(
            metavar="[DATA | CONFIG.toml]",
            help="Labelled frames (npz, extended XYZ, `embedded`), a configuration, or the name of one of gaq's.",
            show_default=False,
        ),
    ] = "",
    data: Annotated[
        str, typer.Option(metavar="FILE", help="Labelled frames, in addition to a configuration.", show_default=False)
    ] = "",
    more: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Other frames to train on, such as a teacher's.", show_default=False),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--start", metavar="FILE", help="Begin with the weights of this float checkpoint.", show_default=False
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for model.ckpt, last.ckpt, curve.jsonl.")] = Path("runs/train"),
    epochs: Annotated[int | None, typer.Option(min=0, help="Epochs of training.", show_default=False)] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Structures per step.", show_default=False)] = None,
    architecture: Annotated[
        str | None, typer.Option(metavar="NAME", help="Network: transformer or painn.", show_default=False)
    ] = None,
    channels: Annotated[int | None, typer.Option(min=4, help="Channels of the network.", show_default=False)] = None,
    layers: Annotated[int | None, typer.Option(min=1, help="Layers of the network.", show_default=False)] = None,
    cutoff: Annotated[
        float | None, typer.Option(min=0.6, max=20, help="Cutoff of each layer, Å.", show_default=False)
    ] = None,
    validation: Annotated[
        int | None, typer.Option(min=1, help="Frames held out to validate on.", show_default=False)
    ] = None,
    lr: Annotated[
        float | None, typer.Option(min=0, help="Peak learning rate of the matrices.", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of all random numbers.", show_default=False)] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change any value: section.key=value.", show_default=False),
    ] = None,
    init: Annotated[
        bool, typer.Option("--init", help="Write a commented configuration (train.toml, or the named file) and exit.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the run in --out; by itself, with that run's configuration.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run in --out.")] = False,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    threads: Annotated[int, typer.Option(min=1, help="Threads (small molecules gain nothing from more).")] = 1,
    compile: Annotated[
        bool,
        typer.Option(
            "--compile", help="Compile the step in the background, then 2 to 3 times as fast; resumes up to round-off."
        ),
    ] = False,
) -> None:
    """Train a float force field.

    Without a configuration, size, split and epochs are chosen from the data and printed. Ctrl-C leaves a checkpoint;
    --resume continues from it, bit for bit without --compile. Under torchrun the processes share each batch.
    """
    from gaq.cli.run_folder import CONFIG, RUN, expect_new_run, remove_run
    from gaq.cli.summary import say_remarks, say_trained
    from gaq.cli.train_settings import overrides_of, settings_of, source_of, write_config
    from gaq.cli.training_progress import shown_training
    from gaq.config import dump
    from gaq.engine.open import check_device
    from gaq.files import readable_file, writable_folder, write_atomically
    from gaq.locks import locked
    from gaq.train.checkpoint import load_checkpoint
    from gaq.train.fit import fit
    from gaq.train.interrupt import graceful_interrupt
    from gaq.train.memory import keep_freed_memory, use_threads
    from gaq.train.parallel import is_first_process, join_world, leave_world
    from gaq.train.session import finish_training, prepare_training

    options = {
        **{"epochs": epochs, "batch": batch, "seed": seed, "optimizer.lr": lr, "data.validation": validation},
        "data.more": json.dumps(more) if more else None,
        "model.architecture": None if architecture is None else json.dumps(architecture),
        **{"model.channels": channels, "model.layers": layers, "model.cutoff": cutoff},
    }
    overrides = overrides_of(options, set_ or [])
    if init:
        typer.echo(f"{write_config(source, data, overrides)} written. Its first line is the command that uses it.")
        return
    if resume and not (source or data):
        expect_new_run(out, resume, overwrite)  # raises if there is nothing to resume
        source = str(out / CONFIG)
    asked = source_of(source, data)
    named = RUN if asked.config == out / CONFIG else (*RUN, CONFIG)
    expect_new_run(out, resume, overwrite, named, [asked.config, asked.data, start, *(more or [])])
    parent = None if start is None else load_checkpoint(readable_file(start))
    settings, dataset = settings_of(asked, overrides, parent)
    check_device(device)
    use_threads(threads)
    keep_freed_memory()
    with contextlib.ExitStack() as stack:
        if is_first_process():  # only this process writes
            stack.enter_context(locked(writable_folder(out)))
            expect_new_run(out, resume, overwrite, named)  # another process may have finished a run meanwhile
        world = join_world(device)
        stack.callback(leave_world, world)
        if overwrite and world.rank == 0:
            remove_run(out)
        prepared = prepare_training(settings, dataset, out, parent=parent, world=world, device=device, compile=compile)
        if world.rank == 0:
            say_remarks(prepared.remarks)
            write_atomically(out / CONFIG, lambda temporary: temporary.write_text(dump(settings)))
        with graceful_interrupt() as interrupt, shown_training(f"train {dataset.name}") as show:
            best = fit(
                prepared.start,
                prepared.task,
                resume=resume,
                interrupt=interrupt,
                show=show if world.rank == 0 else (lambda progress: None),
            )
        if world.rank == 0:
            say_trained(finish_training(best, prepared.task), out)
