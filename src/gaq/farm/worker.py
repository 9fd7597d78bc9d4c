"""A worker process: reads parcels from standard input, runs them, and returns their outcome.

`Process` runs `python -m gaq.farm.worker` in an environment that allows one thread. Output of libraries on
standard output is discarded. The process ends when its input ends, for example when its parent is gone.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
from typing import Any

from gaq.farm.parcel import carried_out


def main() -> int:
    """Run until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    held: dict[str, Any] = {}
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            key, content, parcel = pickle.load(requests)
            pickle.dump(carried_out(held, key, content, parcel), answers)
            answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
