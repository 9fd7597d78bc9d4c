"""Progress of measurements on stderr, stage by stage: a bar on a terminal, otherwise a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from gaq.cli.time_left import TimeLeft

SECONDS_BETWEEN_LINES = 15.0


class StageProgress:
    """Show named stages: `with StageProgress() as watch: watch("rotation", done, total)`."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._lines = not console.is_terminal
        self._spoke = time.monotonic()
        self._stage: tuple[str, TaskID] | None = None
        self._timed = ("", TimeLeft())  # the stage and its rate
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", style="dim"),
            TextColumn("{task.fields[left]}", style="dim"),
            console=console,
            transient=True,
            disable=self._lines,
        )

    def __enter__(self) -> StageProgress:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Report that `done` of `total` steps of a stage are complete; a new name begins a new stage."""
        now = time.monotonic()
        if self._timed[0] != stage:
            self._timed = stage, TimeLeft()
        self._timed[1].report(done)
        left = self._timed[1].text(total)
        if not self._lines:
            self._bar.update(self._task(stage, total), completed=done, total=total, note=note, left=left)
        elif now - self._spoke > SECONDS_BETWEEN_LINES:
            self._spoke = now
            line = "  ".join(part for part in (f"{stage}: {done} of {total}", note, left) if part)
            Console(stderr=True, highlight=False).print(line, markup=False)

    def stage(self, name: str) -> Callable[[int, int], None]:
        """Return a progress callback for one stage."""

        def on_progress(done: int, total: int) -> None:
            self(name, done, total)

        return on_progress

    def _task(self, stage: str, total: int) -> TaskID:
        if self._stage is None or self._stage[0] != stage:
            if self._stage is not None:
                self._bar.remove_task(self._stage[1])
            self._stage = stage, self._bar.add_task(stage, total=total, note="", left="")
        return self._stage[1]
