"""Jobs for tests of the demo's processes; a spawned process imports them by this name."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from gaq.demo.workers import Tell
from gaq.errors import Diverged


@dataclass(frozen=True)
class Chore:
    """Does something that can be seen from outside."""

    name: str
    kind: str = "write"
    path: Path | None = None

    def run(self, tell: Tell) -> str:
        """What `kind` says."""
        tell("work", 0, 2)
        if self.kind == "refuse":
            raise Diverged("the loss is nan")
        if self.kind == "break":
            raise ValueError("a fault of ours")
        if self.kind == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.path is not None:
            self.path.write_text(str(os.getpid()))
        if self.kind == "sleep":
            time.sleep(60)
        tell("rest", 2, 2)
        return f"{self.name} is done"


def hear_interrupts() -> None:
    """For `preexec_fn`: a shell starts what it puts in the background deaf to Ctrl-C, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
