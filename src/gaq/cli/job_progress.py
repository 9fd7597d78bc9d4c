"""Progress of several jobs at once: a bar for each on a terminal, otherwise a line now and then."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from gaq.cli.time_left import TimeLeft

if TYPE_CHECKING:
    from gaq.demo.workers import JobDone, News

SECONDS_BETWEEN_LINES = 15.0
NAME_WIDTH = 12


class JobProgress:
    """Show running and finished jobs: `with JobProgress(console) as progress: progress(news)`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._moves = console.is_terminal
        self._spoke: dict[str, float] = {}
        self._tasks: dict[str, tuple[str, TaskID]] = {}
        self._left: dict[str, TimeLeft] = {}
        self._bars = Progress(
            TextColumn("  {task.fields[job]}"),
            BarColumn(bar_width=24),
            TextColumn("{task.description}", style="dim"),
            TextColumn("{task.fields[left]}", style="dim"),
            console=console,
            transient=True,
            disable=not self._moves,
        )

    def __enter__(self) -> JobProgress:
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def __call__(self, message: News | JobDone) -> None:
        """Show one message."""
        from gaq.demo.workers import News

        if isinstance(message, News):
            self._show(message)
        else:
            self._finish(message)

    def _show(self, news: News) -> None:
        if self._moves:
            stage, task = self._tasks.get(news.job, ("", None))
            if task is None or stage != news.stage:  # the time left is estimated per stage
                if task is not None:
                    self._bars.remove_task(task)
                task = self._bars.add_task(news.stage, total=news.total, job=f"{news.job:<{NAME_WIDTH}}", left="")
                self._tasks[news.job], self._left[news.job] = (news.stage, task), TimeLeft()
            left = self._left[news.job]
            left.report(news.done)
            self._bars.update(task, completed=news.done, total=news.total, left=left.text(news.total))
            return
        now = time.monotonic()
        if now - self._spoke.setdefault(news.job, now) > SECONDS_BETWEEN_LINES:
            self._spoke[news.job] = now
            self._console.print(f"    {news.job}: {news.stage}, {news.done} of {news.total}", markup=False)

    def _finish(self, done: JobDone) -> None:
        _, task = self._tasks.pop(done.job, ("", None))
        if task is not None:
            self._bars.remove_task(task)
        line = Text(f"  {done.job:<{NAME_WIDTH}}", style="bold").append(f"{done.seconds:6.1f} s  ", "green not bold")
        self._console.print(line.append(done.summary, "not bold"), soft_wrap=True)
