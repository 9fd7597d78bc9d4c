"""Collect the frames of a labelling run on a farm, stretch by stretch, and save them in partial files."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gaq.data.partial import LabelProgress, Settings, load_progress, save_progress
from gaq.data.replica import Stretch, make_stretch
from gaq.farm.protocol import Farm

SECONDS_OF_A_STRETCH = 2.0
SECONDS_BETWEEN_SAVES = 2.0
TIMES_LONGER_THAN_A_SAVE = 10  # times the duration of a save is the time to the next one


class Harvest:
    """The frames of each replica so far; starts from its partial file, if there is one."""

    def __init__(self, settings: Settings, partials: list[Path], report: Callable[[int], None]) -> None:
        self._settings, self._partials, self._report = settings, partials, report
        self._made: list[LabelProgress | None] = [load_progress(p, settings) if p.exists() else None for p in partials]
        self._unsaved: set[int] = set()
        self._save_at = time.monotonic() + SECONDS_BETWEEN_SAVES

    def bring_in(self, farm: Farm) -> int:
        """Compute the missing frames and return their number. Ctrl-C saves what has arrived and returns fewer."""
        first = [self._next(replica) for replica in range(self._settings.replicas)]
        jobs = [stretch for stretch in first if stretch is not None]
        try:
            farm.run(*(make_stretch, self._settings, jobs), lambda place, made: self._take(jobs[place].replica, made))
        except KeyboardInterrupt:
            pass
        finally:
            self._save()
        return self._count()

    def _take(self, replica: int, made: LabelProgress) -> Stretch | None:
        before = self._made[replica]
        self._made[replica] = made if before is None else replace(made, frames=before.frames + made.frames)
        self._unsaved.add(replica)
        self._report(self._count())
        if time.monotonic() > self._save_at:
            self._save()
        return self._next(replica)

    def _next(self, replica: int) -> Stretch | None:
        """Return the next stretch of the replica."""
        made = self._made[replica]
        wanted = self._settings.frames_of(replica) - (0 if made is None else len(made.frames))
        start = None if made is None else replace(made, frames=())  # frames are not sent
        return Stretch(replica, start, wanted, SECONDS_OF_A_STRETCH) if wanted else None

    def _count(self) -> int:
        return sum(len(made.frames) for made in self._made if made is not None)

    def _save(self) -> None:
        began = time.monotonic()
        for replica in sorted(self._unsaved):
            made = self._made[replica]
            assert made is not None
            save_progress(self._partials[replica], made, self._settings)
        self._unsaved.clear()
        now = time.monotonic()
        self._save_at = now + max(SECONDS_BETWEEN_SAVES, TIMES_LONGER_THAN_A_SAVE * (now - began))
