"""Time left of long work. The first steps, which compile and warm up, are not extrapolated."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

STEADY_STEPS, STEADY_SECONDS = 5, 3.0  # required before an estimate
WINDOW = 200  # number of latest reports that give the rate


class TimeLeft:
    """Estimates the seconds left from the latest reports; the time before the first report does not count.

    The first report ends a step that may have compiled or loaded something, so the rate starts after it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._reports: deque[tuple[float, int]] = deque(maxlen=WINDOW)

    def report(self, done: int) -> None:
        """Record that `done` steps are complete; a smaller number than before starts again."""
        if self._reports and done < self._reports[-1][1]:
            self._reports.clear()
        if not self._reports or done > self._reports[-1][1]:
            self._reports.append((self._clock(), done))

    def seconds(self, total: int) -> float | None:
        """Return the seconds left until `total` steps, or None while the rate is not steady."""
        if len(self._reports) < 2:
            return None
        (began, before), (now, done) = self._reports[0], self._reports[-1]
        if done >= total:
            return 0.0
        if done - before < min(STEADY_STEPS, (total - before + 1) // 2) or now - began < STEADY_SECONDS:
            return None
        return (now - began) / (done - before) * (total - done)

    def text(self, total: int) -> str:
        """Return text such as `4 min left`, or empty text without an estimate."""
        seconds = self.seconds(total)
        return "" if seconds is None or seconds == 0.0 else f"{_rounded(seconds)} left"


def _rounded(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
