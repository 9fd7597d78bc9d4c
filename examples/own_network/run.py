"""Train PaiNN for a moment, quantize it by presets that have never seen it, and measure what each of them broke.

python examples/own_network/run.py
"""

from __future__ import annotations

import argparse

import torch
from painn import PaiNN

import gaq
from gaq.data.dataset import Dataset
from gaq.engine.pytorch import TorchEngine
from gaq.measure.ledger import find
from gaq.train.config import LossConfig
from gaq.train.frames import TrainFrames, prepare, reference_energies
from gaq.train.loss import total_loss

RECIPES = ("fp32", "w4", "w4a16", "frame-w8a8", "gaq-w8a8", "naive-int8")


def begin(data: Dataset, seed: int) -> PaiNN:
    """A network at its first step, with the reference energies of its data."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = PaiNN(tuple({int(z) for s in data.structures for z in s.species}))
    references, _ = reference_energies(data)
    model.reference.copy_(torch.tensor([references[z] for z in model.species]))
    return model


def fit(model: PaiNN, frames: TrainFrames, steps: int, rate: float, seed: int) -> PaiNN:
    """A loop of one's own, float or quantized: the loss is a function of the network, a batch and its labels."""
    optimizer = torch.optim.Adam(model.parameters(), rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps + 1)
    draw = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        batch, target = frames.batch(torch.randint(len(frames), (10,), generator=draw).tolist())
        optimizer.zero_grad()
        total_loss(model, batch, target, LossConfig(), (batch.count, len(batch.species))).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        schedule.step()
    return model


def measured(model: PaiNN, recipe: str, test: Dataset) -> dict[str, float]:
    """Force error, largest error under rotation and share of energies equal to the last bit, of one quantized copy."""
    engine = TorchEngine(model, "PaiNN", recipe)
    rows = gaq.measure.accuracy(engine, test) + gaq.measure.symmetry(engine, test.structures, rotations=8)
    rows += gaq.measure.path_work(engine, test.structures[:4])
    names = ("force_mae", "lee_mean", "frames_identical", "path_work")
    return {"bits": engine.footprint()["bits_per_weight"], **{name: find(rows, name).value for name in names}}


def say(name: str, found: dict[str, float]) -> None:
    """One line of the table."""
    identical = f"{100 * found['frames_identical']:.0f} %"
    print(
        f"{name:<20}{found['bits']:>12.1f}{found['force_mae']:>8.1f}{found['lee_mean']:>10.1e}"
        f"{identical:>13}{found['path_work']:>11.1e}",
        flush=True,
    )


def main() -> None:
    """Prints a table, one line a recipe."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=600, help="of training")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    data = gaq.read_dataset("embedded", 220)
    training, test = data.subset(range(200)), data.subset(range(200, 220))
    frames = prepare(training, 5.0)
    model = fit(begin(training, asked.seed), frames, asked.steps, 3e-3, asked.seed)
    print(f"{'recipe':<20}{'bits/weight':>12}{'F MAE':>8}{'LEE':>10}{'E identical':>13}{'path work':>11}")
    copies = {}
    for name in RECIPES:
        recipe = gaq.presets.all_presets()[name]()
        copies[name] = gaq.quantize(model, recipe, calibration=training.structures[:50])
        say(name, measured(copies[name], name, test))
    for name in ("fp32", "w4a16"):
        trained = fit(copies[name], frames, asked.steps // 2, 3e-4, asked.seed + 1)
        say(f"{name}, trained on", measured(trained, name, test))
    print("F MAE, LEE (mean) and path work in meV/Å")


if __name__ == "__main__":
    main()
