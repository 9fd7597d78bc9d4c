"""Error against the number of knots; the row `float64` is the error of float32.

python -m studies.radial_tables.run models/rmd17-azobenzene-fp32.ckpt --data PATH/rmd17_azobenzene_test_01.npz
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

import gaq.model.geometry
from gaq.atoms.structure import Prediction, Structure
from gaq.data.read import read_structures
from gaq.engine.pytorch import TorchEngine
from gaq.geometry.radial import exponential_basis
from gaq.pack.radial_table import radial_table
from gaq.train.checkpoint import load_checkpoint

Basis = Callable[[Tensor, float, int], Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="checkpoint")
    parser.add_argument("--data", required=True, help="structures")
    parser.add_argument("--limit", type=int, default=40, help="frames")
    parser.add_argument("--knots", type=int, nargs="+", default=[48, 64, 80, 96, 128, 160])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    checkpoint = load_checkpoint(arguments.model)
    engine = TorchEngine(checkpoint.model, arguments.model, checkpoint.recipe.name)
    frames = read_structures(arguments.data, arguments.limit)
    exact = engine.evaluate(frames)
    config = checkpoint.model.config
    print(f"{'knots':>8} {'energy max meV':>15} {'force max meV/Å':>16} {'force rms meV/Å':>16}")
    for knots in [None, *arguments.knots]:
        table = radial_table(config.cutoff, config.basis, knots)
        report(str(len(table.values)), exact, with_basis(engine, frames, lambda r, cutoff, count, t=table: t.basis(r)))
    report("float64", exact, with_basis(engine, frames, _in_float64))


def with_basis(engine: TorchEngine, frames: Sequence[Structure], basis: Basis) -> list[Prediction]:
    """Evaluate with another radial basis."""
    gaq.model.geometry.exponential_basis = basis
    try:
        return engine.evaluate(frames)
    finally:
        gaq.model.geometry.exponential_basis = exponential_basis


def report(name: str, exact: Sequence[Prediction], found: Sequence[Prediction]) -> None:
    """Print energy and force differences."""
    energy = max(abs(a.energy - b.energy) for a, b in zip(exact, found, strict=True))
    force = np.concatenate([(a.forces - b.forces).ravel() for a, b in zip(exact, found, strict=True)])
    largest, rms = np.abs(force).max(), np.sqrt(np.mean(force**2))
    print(f"{name:>8} {1e3 * energy:15.5f} {1e3 * largest:16.5f} {1e3 * rms:16.5f}", flush=True)


def _in_float64(distance: Tensor, cutoff: float, count: int) -> Tensor:
    return exponential_basis(distance.double(), cutoff, count).to(distance)


if __name__ == "__main__":
    main()
