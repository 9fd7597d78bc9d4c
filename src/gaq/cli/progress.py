"""Progress of long work: a bar on a terminal, otherwise a line now and then."""

from __future__ import annotations

import time

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TransferSpeedColumn,
)

from gaq.cli.time_left import TimeLeft

SECONDS_BETWEEN_LINES = 15.0


class FrameProgress:
    """A bar with the time left; without a terminal, a line now and then."""

    def __init__(self, total: int) -> None:
        console = Console(stderr=True)
        self.total, self.lines, self.left = total, not console.is_terminal, TimeLeft()
        self.spoke = time.monotonic()
        self.bar = Progress(
            TextColumn("labelling"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("frames"),
            TextColumn("{task.fields[left]}", style="dim"),
            console=console,
            disable=self.lines,
        )
        self.task = self.bar.add_task("labelling", total=total, left="")

    def __enter__(self) -> FrameProgress:
        self.bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.stop()

    def update(self, frames: int) -> None:
        self.left.report(frames)
        said = self.left.text(self.total)
        self.bar.update(self.task, completed=frames, left=said)
        now = time.monotonic()
        if self.lines and frames and now - self.spoke > SECONDS_BETWEEN_LINES:
            typer.echo(f"{frames} of {self.total} frames{f', about {said}' if said else ''}", err=True)
            self.spoke = now


class ByteProgress:
    """A progress bar for pooch: it sets `total` (bytes) and calls update, reset and close."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TimeRemainingColumn,
        )

        console = Console(stderr=True)
        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self.bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self.total = 0
        self.task = self.bar.add_task("download", total=None)

    def __enter__(self) -> ByteProgress:
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.stop()

    def update(self, count: int) -> None:
        self.bar.start()
        self.bar.update(self.task, advance=count, total=self.total or None)

    def reset(self) -> None:
        self.bar.reset(self.task)

    def close(self) -> None:
        self.bar.stop()
