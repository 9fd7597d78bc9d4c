"""Protocol of a peer: read positions, build the model, answer requests. Needs NumPy, not gaq.

    python run_painn.py PATH.json --form compiled            # prints times as one JSON object
    python run_painn.py PATH.json --form compiled --serve    # "10" on a line asks for ten timed calls

PATH.json holds `numbers` [atom] and `frames` [frame][atom][3] in Å; call k evaluates frame k.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import TextIO

# Only answers go to stdout.
ANSWERS: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

# Set before importing libraries that read them.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np

CUTOFF = 5.0  # Å
Evaluate = Callable[[np.ndarray], np.ndarray]  # positions [atom, 3] Å to forces, energy included
Build = Callable[[str, np.ndarray, np.ndarray], Evaluate]  # form, numbers [atom], positions [atom, 3]


def main(build: Build, about: str, forms: Sequence[str]) -> None:
    """Run a peer with a model of `build`."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("path")
    parser.add_argument("--form", choices=forms, default=forms[0])
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--calls", type=int, default=50)
    arguments = parser.parse_args()
    with open(arguments.path, encoding="utf-8") as stream:
        given = json.load(stream)
    numbers, frames = np.array(given["numbers"]), np.array(given["frames"], dtype=np.float64)
    evaluate = build(arguments.form, numbers, frames[0])
    forces = evaluate(frames[0])
    if forces.shape != frames[0].shape or not np.isfinite(forces).all():
        raise SystemExit(f"{about}: forces of shape {forces.shape}, finite: {np.isfinite(forces).all()}")
    if arguments.serve:
        _say({"about": about, "form": arguments.form})
        for line in sys.stdin:
            _say(_seconds(evaluate, frames, int(line)))
        return
    seconds = _seconds(evaluate, frames, arguments.calls)
    p10, median, p90 = (1e3 * float(x) for x in np.percentile(seconds, (10, 50, 90)))
    _say({"about": about, "form": arguments.form, "latency_ms": median, "p10": p10, "p90": p90})


def _seconds(evaluate: Evaluate, frames: np.ndarray, calls: int) -> list[float]:
    """Time calls after one untimed call."""
    evaluate(frames[0])
    found = []
    for number in range(1, calls + 1):
        positions = frames[number % len(frames)]
        began = time.perf_counter()
        evaluate(positions)
        found.append(time.perf_counter() - began)
    return found


def _say(answer: object) -> None:
    print(json.dumps(answer), file=ANSWERS, flush=True)
