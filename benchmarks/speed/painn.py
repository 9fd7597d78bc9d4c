"""PaiNN in the native engine and SchNetPack, one core, in turns: a network of SchNetPack, the same in both.

    python -m benchmarks.speed.painn --arrays painn.safetensors --data ethanol.xyz --peers build/peers

Without arrays the networks are untrained: 64 features, three layers, 20 radial functions.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch

from benchmarks.speed.peers.run import Peer, keep_to_one_core, started, written_path
from gaq.atoms.structure import Structure
from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.engine.native import NativeEngine
from gaq.engine.packing import packed_in_memory
from gaq.measure.speed import Candidate, interleaved, small_motion
from gaq.model.layered import Layered
from gaq.model.painn.initialise import initialise_
from gaq.model.painn.network import PaiNN, PaiNNConfig
from gaq.model.precision import float_model_in
from gaq.quant.install import preset
from gaq.train.calibrate import quantized_copy
from gaq.train.frames import prepare, reference_energies
from gaq.train.importing import import_arrays

RECIPES = ("fp32", "w8", "w4a16", "frame-w8a8")
PEERS = tuple(Peer(f"schnetpack-{form}", "painn", "run_painn.py", form) for form in ("eager", "compiled"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="embedded", help="labelled frames of the molecule")
    parser.add_argument("--peers", type=Path, default=Path("build/peers"), help="folder of the environments")
    parser.add_argument("--seconds", type=float, default=5.0, help="time for each candidate")
    parser.add_argument("--core", type=int, help="the core for all; without, the last that is usable")
    parser.add_argument("--arrays", type=Path, help="network of SchNetPack, as `gaq import` reads it")
    asked = parser.parse_args()
    keep_to_one_core(asked.core)
    torch.set_num_threads(1)
    data = read_dataset(asked.data, 32)
    model = untrained(data) if asked.arrays is None else imported(asked.arrays)
    molecule = data.structures[0]
    everyone = []
    for name in RECIPES:
        copy = model if name == "fp32" else quantized_copy(model, preset(name), prepare(data, model.cutoff))
        everyone.append(native(name, packed_in_memory(copy, preset(name)), molecule))
    with ExitStack() as stack:
        path = written_path(molecule, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        found = [stack.enter_context(started(peer, asked.peers, path)) for peer in PEERS]
        everyone += [candidate for candidate in found if candidate is not None]
        timings = interleaved(everyone, asked.seconds)
    for name, timing in timings.items():
        print(f"{name:24} {np.median(timing.seconds) * 1e3:8.3f} ms for {len(molecule)} atoms")
    if len(everyone) == len(RECIPES):
        sys.exit("no peer could start; see above")


def untrained(data: Dataset) -> Layered:
    model = PaiNN(PaiNNConfig(channels=64, layers=3, basis=20), {int(z) for s in data.structures for z in s.species})
    initialise_(model, torch.Generator().manual_seed(0))
    model.set_references(*reference_energies(data))
    return model


def imported(arrays: Path) -> Layered:
    """Return the network in a file of SchNetPack, which the peers will read too."""
    os.environ["PAINN_ARRAYS"] = str(arrays.absolute())
    return float_model_in(import_arrays(arrays).checkpoint.model, torch.float32)


def native(recipe: str, content: bytes, molecule: Structure) -> Candidate:
    engine, path = NativeEngine(content, recipe), small_motion(molecule)
    return Candidate.calling(f"engine {recipe}", lambda number: engine.evaluate([path[number % len(path)]]))


if __name__ == "__main__":
    main()
