"""Progress of a training: a bar with current errors and time left, or a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from gaq.cli.time_left import TimeLeft

if TYPE_CHECKING:
    from gaq.train import fit

LOG_INTERVAL = 10.0  # s between lines without a terminal


@contextmanager
def shown_training(title: str) -> Iterator[Callable[[fit.TrainProgress], None]]:
    """Return a callback for `fit`."""
    if not sys.stderr.isatty():
        yield _Log(title)
        return
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps"),
        TextColumn("{task.fields[errors]}"),
        TextColumn("{task.fields[left]}", style="dim"),
    )
    left = TimeLeft()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None, errors="", left="")

        def show(progress: fit.TrainProgress) -> None:
            left.report(progress.step)
            for line in _remarks(title, progress):
                bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
            errors, time_left = _errors(progress), left.text(progress.steps)
            bar.update(task, total=progress.steps, completed=progress.step, errors=errors, left=time_left)

        yield show


class _Log:
    """Lines on stderr, at most one in `LOG_INTERVAL` seconds and one at the end."""

    def __init__(self, title: str) -> None:
        self.title, self.left = title, TimeLeft()
        self.printed = time.monotonic()

    def __call__(self, progress: fit.TrainProgress) -> None:
        now = time.monotonic()
        for line in _remarks(self.title, progress):
            print(line, file=sys.stderr, flush=True)
        self.left.report(progress.step)
        if now - self.printed < LOG_INTERVAL and progress.step < progress.steps:
            return
        self.printed = now
        parts = [f"step {progress.step}/{progress.steps}", _errors(progress), self.left.text(progress.steps)]
        print(f"{self.title}: {'  '.join(part for part in parts if part)}", file=sys.stderr, flush=True)


def _remarks(title: str, progress: fit.TrainProgress) -> list[str]:
    """Return lines about this step, which stay above a bar."""
    from gaq.cli.option_names import with_options

    return [f"{title}: step {progress.step}: {with_options(said, ('--compile',))}" for said in progress.remarks]


def _errors(progress: fit.TrainProgress) -> str:
    if progress.last is None:
        return ""
    last = progress.last
    return f"epoch {last.epoch}: E {last.energy_mae:.2f} meV  F {last.force_mae:.2f} meV/Å"
