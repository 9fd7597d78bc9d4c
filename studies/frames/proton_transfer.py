"""Jumps of energy and forces along a proton transfer; recipes are applied without training.

python -m studies.frames.proton_transfer runs/acac/model.ckpt --data PATH/acac --out runs/acac/rows.jsonl
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from gaq.atoms.structure import Structure
from gaq.data.read import read_dataset
from gaq.engine.pytorch import TorchEngine
from gaq.measure.ledger import Row, row, write_rows
from gaq.quant.install import preset
from gaq.train.calibrate import quantized_copy
from gaq.train.checkpoint import load_checkpoint
from gaq.train.frames import prepare
from gaq.units import MEV
from studies.frames.frame_events import (
    EXCHANGE,
    ORDERED,
    REPLACEMENT,
    Event,
    events,
    frames_and_neighbors,
    ordered_frames,
    turns,
)

RECIPES = ("fp32", "w4", "gaq-w4a8", "frame-w8a8", "frame-w4a8", "w4a16")
DATA = "acac/H-transfer"
# Fourth differences: of a step 1, −3, 3, −1 times its height; of white noise √70 times its size.
FOURTH, TALLEST, NOISE = (1.0, -4.0, 6.0, -4.0, 1.0), 3.0, 70**0.5


class Path3N:
    """Straight lines between structures."""

    def __init__(self, structures: list[Structure]) -> None:
        self.structures = structures
        self.last = len(structures) - 1.0

    def __call__(self, t: float) -> Structure:
        index = min(int(t), len(self.structures) - 2)
        one, two = (s.positions for s in self.structures[index : index + 2])
        return self.structures[0].moved(one + (t - index) * (two - one))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="float checkpoint")
    parser.add_argument("--data", type=Path, required=True, help="folder of the acetylacetone files")
    parser.add_argument("--out", type=Path, default=Path("runs/acac/rows.jsonl"))
    parser.add_argument("--points", type=int, default=2801, help="places on the path")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transfer = read_dataset(arguments.data / "test_H_transfer.xyz", energies_only=True)
    path = Path3N(list(transfer.structures))
    places = np.linspace(0.0, path.last, arguments.points).tolist()
    happened = events(path, places)
    rows = []
    for engine in engines(arguments.model, arguments.data / "train_300K.xyz"):
        for ordered in (False, True) if engine.network.framed() else (False,):
            with ordered_frames(ordered):
                found = [*walk(engine, path, places), *jumps(engine, path, happened)]
            rows += [replace(entry, control=ORDERED) if ordered else entry for entry in found]
            print(
                *(f"{r.recipe} {r.control or ''} {r.metric} {r.value:.4g} {r.unit}" for r in found),
                sep="\n",
                flush=True,
            )
    write_rows(arguments.out, rows)


def engines(model: Path, calibration: Path) -> list[TorchEngine]:
    parent = load_checkpoint(model).model
    frames = prepare(read_dataset(calibration), parent.cutoff)
    networks = [parent if name == "fp32" else quantized_copy(parent, preset(name, 0), frames) for name in RECIPES]
    return [TorchEngine(network, "acac", name) for network, name in zip(networks, RECIPES, strict=True)]


def walk(engine: TorchEngine, path: Path3N, places: list[float]) -> list[Row]:
    """Return noise and largest jump, from fourth differences."""
    found = engine.evaluate([path(t) for t in places])
    energies = np.array([p.energy for p in found])[:, None] / MEV
    forces = np.array([p.forces.ravel() for p in found]) / MEV
    rows = []
    for name, values, unit in (("energy", energies, "meV"), ("force", forces, "meV/Å")):
        rest = sum(c * values[k : len(values) - 4 + k] for k, c in enumerate(FOURTH))
        noise, tallest = np.sqrt(np.mean(np.square(rest))) / NOISE, np.abs(rest).max() / TALLEST
        rows += [row(engine, DATA, f"walk_{name}_noise", noise, unit, len(values))]
        rows += [row(engine, DATA, f"walk_{name}_jump", tallest, unit, len(values))]
    return rows


def jumps(engine: TorchEngine, path: Path3N, happened: list[Event]) -> list[Row]:
    """Return the largest two-sided differences at events."""
    rows = []
    for kind in (EXCHANGE, REPLACEMENT):
        chosen = [event for event in happened if event.kind == kind]
        sides = [path(t) for event in chosen for t in (event.before, event.after)]
        frames, _ = frames_and_neighbors(sides)
        turn = [float(turns(frames[2 * k, e.atom], frames[2 * k + 1, e.atom])) for k, e in enumerate(chosen)]
        found = engine.evaluate(sides)
        pairs = list(zip(found[::2], found[1::2], strict=True))
        energy = [abs(a.energy - b.energy) / MEV for a, b in pairs]
        force = [np.abs(a.forces - b.forces).max() / MEV for a, b in pairs]
        rows += [
            row(engine, DATA, f"{kind}_{name}", max(values), unit, len(chosen))
            for name, values, unit in (
                ("turn", turn, "°"),
                ("energy_jump", energy, "meV"),
                ("force_jump", force, "meV/Å"),
            )
        ]
    return rows


if __name__ == "__main__":
    main()
