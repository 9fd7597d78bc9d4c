"""`gaq train`: a float model from a configuration and labelled frames."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Annotated

import typer


def train(
    config: Annotated[Path, typer.Argument(help="TOML file; configs/ holds examples.", show_default=False)],
    data: Annotated[str, typer.Option(help="Labelled frames: rMD17 npz or extended XYZ.", show_default=False)] = "",
    out: Annotated[Path, typer.Option(help="Folder for model.ckpt, last.ckpt, curve.jsonl.")] = Path("runs/train"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on from last.ckpt in --out.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run that is in --out.")] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change one value: section.key=value.", show_default=False),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    seed: Annotated[int | None, typer.Option(help="Replaces the seed of the file.", show_default=False)] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads; small molecules gain nothing from more.")] = 1,
    compile: Annotated[
        bool, typer.Option("--compile", help="Compile the training step: minutes once, then 2 to 3 times as fast.")
    ] = False,
) -> None:
    """Train a float force field.

    Ctrl-C leaves a checkpoint; --resume goes on from it, bit for bit. Under torchrun the processes share each
    batch.
    """
    from gaq.cli.outputs import SETTINGS, claim_run
    from gaq.cli.summary import say_trained
    from gaq.cli.training_progress import shown_training
    from gaq.config import dump, load
    from gaq.data.read import read_dataset
    from gaq.engine.open import check_device
    from gaq.errors import UsageError
    from gaq.files import writable_folder, write_atomically
    from gaq.locks import locked
    from gaq.train.config import TrainConfig
    from gaq.train.fit import fit
    from gaq.train.interrupt import graceful_interrupt
    from gaq.train.memory import keep_freed_memory, use_threads
    from gaq.train.parallel import is_first_process, join_world, leave_world
    from gaq.train.session import finish_training, prepare_training

    overrides = list(set_ or [])
    overrides += [] if seed is None else [f"seed={seed}"]
    overrides += [f"data.file={json.dumps(data)}"] if data else []
    settings = load(config, TrainConfig, overrides)
    if not settings.data.file:
        raise UsageError(f"{config} names no data file. Give one with --data, or write file = ... under [data].")
    check_device(device)
    dataset = read_dataset(settings.data.file)
    use_threads(threads)
    keep_freed_memory()
    with contextlib.ExitStack() as stack:
        if is_first_process():  # before the others can join, so that they find the folder as it is to be
            stack.enter_context(locked(writable_folder(out)))
            claim_run(out, resume, overwrite, [config, settings.data.file])
        world = join_world(device)
        stack.callback(leave_world, world)
        prepared = prepare_training(settings, dataset, out, world=world, device=device, compile=compile)
        if world.rank == 0:
            text = SETTINGS + dump(settings).encode()
            write_atomically(out / "config.toml", lambda temporary: temporary.write_bytes(text))
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
