"""A new process that opens a model and evaluates one structure, for start-up time and memory.

    python -m gaq.cli.fresh_start native model.gaq structure.npz 1 16

prints a line after the first evaluation and a JSON object after the second. `gaq bench` starts it and measures the
time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gaq.atoms.structure import Structure
from gaq.children import environment, python_command
from gaq.errors import NotAvailable
from gaq.process import forget_peak, keep_freed_memory, peak_resident_bytes, resident_bytes

NATIVE = "native"


@dataclass(frozen=True)
class FreshStart:
    """Seconds from the start of the process to the first forces, and memory in bytes."""

    seconds: float
    peak_bytes: int  # peak memory of the process
    growth_bytes: int  # what evaluations add to a process with the model and the structure


def fresh_start(
    engine: str, model: Path | bytes, structure: Structure, threads: int = 1, backward: int | None = None
) -> FreshStart:
    """Start one process. `model` is a file, or the bytes of a packed one. Raises `NotAvailable` if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        arrays = Path(folder) / "structure.npz"
        s = structure
        np.savez(arrays, species=s.species, positions=s.positions, cell=s.cell, periodic=s.periodic)
        if isinstance(model, bytes):
            file = Path(folder) / "model.gaq"
            file.write_bytes(model)
        else:
            file = model
        options = [engine, str(file), str(arrays), str(threads), str(backward or 0)]
        began = time.perf_counter()
        with subprocess.Popen(
            python_command("-m", "gaq.cli.fresh_start", *options),
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            answers = process.stdout
            ready = answers.readline() if answers is not None else ""
            seconds = time.perf_counter() - began
            said = answers.readline() if answers is not None else ""
        if process.returncode != 0 or not ready or not said:
            raise NotAvailable(f"a new process with {file.name} in {engine} exited with status {process.returncode}")
    memory = json.loads(said)
    return FreshStart(seconds, int(memory["peak"]), int(memory["growth"]))


def main(arguments: list[str]) -> None:
    """Run the new process."""
    engine, model, arrays, threads, backward = arguments
    keep_freed_memory()
    with np.load(arrays) as given:
        structure = Structure(given["species"], given["positions"], given["cell"], given["periodic"])
    evaluate = (_native if engine == NATIVE else _torch)(Path(model), structure, int(threads), int(backward) or None)
    before, peak = resident_bytes(), peak_resident_bytes()
    forget_peak()
    evaluate()
    print("ready", flush=True)
    evaluate()
    during = peak_resident_bytes()
    print(json.dumps({"peak": max(peak, during), "growth": max(0, during - before)}), flush=True)


def _native(model: Path, structure: Structure, threads: int, backward: int | None) -> Callable[[], object]:
    from gaq.engine.native import NativeEngine

    engine = NativeEngine.from_file(model, threads=threads, backward_bits=backward)
    return lambda: engine.evaluate([structure])


def _torch(model: Path, structure: Structure, threads: int, backward: int | None) -> Callable[[], object]:
    import torch

    from gaq.engine.compiled import eager, float_network
    from gaq.train.checkpoint import load_checkpoint

    torch.set_num_threads(threads)
    evaluate = eager(float_network(load_checkpoint(model).model), [structure])
    return lambda: evaluate(structure.positions)


if __name__ == "__main__":
    main(sys.argv[1:])
