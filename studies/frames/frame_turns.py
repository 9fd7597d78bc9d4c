"""Rates of frame changes in dynamics at 300 K, and their effect on rounding errors.

python -m studies.frames.frame_turns --data PATH/rmd17 --out runs/frame_turns.jsonl
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.common.places import model_file
from gaq.atoms.structure import Prediction, Structure
from gaq.data.read import read_structures
from gaq.engine.open import open_engine
from gaq.engine.pytorch import TorchEngine
from gaq.measure.ledger import Row, row, write_rows
from gaq.quant.slot import WEIGHTS
from gaq.simulate.integrate import MotionState, run_nve
from gaq.train.checkpoint import load_checkpoint
from gaq.units import MEV
from studies.frames.frame_events import (
    EXCHANGE,
    ORDERED,
    REPLACEMENT,
    frames_and_neighbors,
    kind_of,
    ordered_frames,
    turns,
)

RECIPES = ("frame-w8a8", "frame-w4a8", "w4a16")
DT = 0.5  # fs
TURNED = 3.0  # degrees per step; vibrations turn frames by some tenths
ATONCE = 250  # structures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the official npz files")
    parser.add_argument("--out", type=Path, default=Path("runs/frame_turns.jsonl"))
    parser.add_argument("--molecules", nargs="+", default=["azobenzene", "ethanol"])
    parser.add_argument("--steps", type=int, default=4000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for molecule in arguments.molecules:
        (start,) = read_structures(arguments.data / f"rmd17_{molecule}_test_01.npz", 1)
        walked = trajectory(molecule, start, arguments.steps)
        for ordered in (False, True):
            with ordered_frames(ordered):
                found = rates(molecule, walked)
                for recipe in RECIPES:
                    found += errors(molecule, recipe, walked)
            rows += [replace(entry, control=ORDERED) if ordered else entry for entry in found]
            print(*(f"{molecule} {r.recipe} {ordered} {r.metric} {r.value:.4g} {r.unit}" for r in found), sep="\n")
    write_rows(arguments.out, rows)


def trajectory(molecule: str, start: Structure, steps: int) -> list[Structure]:
    states: list[MotionState] = []
    engine = open_engine(model_file(f"rmd17-{molecule}-w4a16.gaq"))
    run_nve(engine, start, steps, DT, each_record=states.append)
    return [state.structure for state in states]


def rates(molecule: str, walked: list[Structure]) -> list[Row]:
    """Return rates per ps."""
    counts: Counter[str] = Counter()
    for start in range(0, len(walked) - 1, ATONCE):
        frames, asked = frames_and_neighbors(walked[start : start + ATONCE + 1])
        for k, atom in np.argwhere((asked[1:] != asked[:-1]).any(-1)):
            counts[kind_of(asked[k, atom], asked[k + 1, atom])] += 1
        counts["turn"] += int((turns(frames[:-1], frames[1:]) > TURNED).sum())
    time = (len(walked) - 1) * DT / 1000
    about = (f"rmd17-{molecule}", "w4a16", "native", f"rmd17/{molecule} 300 K")
    return [
        Row(f"frame_{kind}s", counts[kind] / time, "1/ps", *about, n=counts[kind])
        for kind in (EXCHANGE, REPLACEMENT, "turn")
    ]


def errors(molecule: str, recipe: str, walked: list[Structure]) -> list[Row]:
    """Return rounding errors and their change per step."""
    path = model_file(f"rmd17-{molecule}-{recipe}.ckpt")
    rounded, exact = (TorchEngine(load_checkpoint(path).model, path.name, recipe) for _ in range(2))
    for quantizer in exact.network.quantizers():
        quantizer.active = quantizer.slot.role in WEIGHTS
    found, wanted = rounded.evaluate(walked), exact.evaluate(walked)
    rows = []
    for name, unit, value in (("energy", "meV", energy_of), ("force", "meV/Å", forces_of)):
        error = np.array([value(a) - value(b) for a, b in zip(found, wanted, strict=True)]) / MEV
        error -= error.mean(0)
        data = f"rmd17/{molecule} 300 K"
        step = np.sqrt(np.mean(np.square(np.diff(error, axis=0))) / 2)
        rows.append(row(rounded, data, f"rounding_{name}", np.sqrt(np.mean(error**2)), unit, len(walked)))
        rows.append(row(rounded, data, f"rounding_{name}_step", step, unit, len(walked)))
    return rows


def energy_of(prediction: Prediction) -> np.ndarray:
    return np.array([prediction.energy])


def forces_of(prediction: Prediction) -> np.ndarray:
    return prediction.forces.ravel()


if __name__ == "__main__":
    main()
