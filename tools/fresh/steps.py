"""The steps of a proof, with the time that each took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Steps:
    """Steps that were made, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Say what begins, and remember how long it took, also if it fails."""
        print(f"\n== {title}", flush=True)
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[title] = time.monotonic() - began

    def table(self) -> str:
        """Return a line for each step, and their sum."""
        width = max(map(len, [*self.seconds, "together"]))
        rows = [*self.seconds.items(), ("together", sum(self.seconds.values()))]
        return "\n".join(f"{title:<{width}}  {seconds / 60:6.1f} min" for title, seconds in rows)
