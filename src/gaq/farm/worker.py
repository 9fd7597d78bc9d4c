"""A worker process: takes parcels from standard input, carries them out, and sends back what became of them.

Run as `python -m gaq.farm.worker` by `Process`, in an environment that allows one thread. What a library prints on
standard output goes nowhere; when whoever started the process is gone, its input ends, and so does it.
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
    """Works until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the affair of whoever asked
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
