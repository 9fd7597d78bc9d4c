"""The process that compiles a training step while its parent trains: `python -m gaq.train.compile_child`.

It reads a pickled `LossGraph` from its standard input, a file that its parent made and no one else can name. Arguments:
the key, a work folder, the number of threads. The graph is put into the cache; when that fails the process exits with
status 1 and prints the reason.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
from pathlib import Path

from gaq.train.graph_cache import find, keep, only_one

NICENESS = 3  # above the parent's: on a single core the training keeps two thirds of it
SECONDS = 1.0  # between looks at the parent


def main() -> int:
    """Compile the graph on standard input unless the cache has it."""
    key, work, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    os.nice(NICENESS)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with only_one(key):  # before PyTorch is imported, so that who waits here holds little memory
        if find(key) is not None:
            return 0
        try:
            _compile(key, work, threads)
        except Exception as error:  # whatever a compiler and its tool chain raise
            from gaq.model.one_graph import first_line

            print(f"{type(error).__name__}: {first_line(error)}")
            return 1
    return 0


def _compile(key: str, work: Path, threads: int) -> None:
    import torch

    from gaq.model.one_graph import one_library
    from gaq.train.loss_graph import LossGraph

    graph = pickle.load(sys.stdin.buffer)
    if not isinstance(graph, LossGraph):
        raise TypeError(f"standard input holds a {type(graph).__name__}; expected a LossGraph")
    torch.set_num_threads(threads)  # compiled into the graph
    for quantizer in graph.model.quantizers():  # the stage that most of a training is in
        quantizer.active = True
    inputs = graph.inputs
    varying = {index for index, name in enumerate(inputs) if name in graph.varying}
    keep(key, one_library(graph.function(), list(inputs.values()), varying, work))


def _end_with(parent: int) -> None:
    """End this process and the compilers it has started when its parent has ended."""
    while os.getppid() == parent:
        time.sleep(SECONDS)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
