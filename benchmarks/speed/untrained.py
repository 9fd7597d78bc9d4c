"""Untrained checkpoints and packed files of any width.

python -m benchmarks.speed.untrained --data PATH/rmd17_azobenzene_train_01.npz --channels 64 128 256
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from gaq.cli.packing import packed_checkpoint
from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.model.transformer.initialise import initialise_
from gaq.model.transformer.network import Transformer, TransformerConfig
from gaq.pack.format import write_packed
from gaq.quant.install import preset
from gaq.train.calibrate import quantized_copy
from gaq.train.checkpoint import Checkpoint, save_checkpoint
from gaq.train.frames import prepare, reference_energies

RECIPES = ("fp32", "w8", "w4", "w4a16", "mixed-w4a16", "frame-w8a8", "frame-w4a8", "gaq-w4a8")
CALIBRATION_FRAMES = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="labelled frames")
    parser.add_argument("--out", type=Path, default=Path("runs/untrained"))
    parser.add_argument("--channels", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--degrees", type=int, default=2)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    data = read_dataset(arguments.data, CALIBRATION_FRAMES)
    for channels in arguments.channels:
        sizes = {"channels": channels, "hidden": channels, "degrees": arguments.degrees}
        counts = {"layers": arguments.layers, "heads": arguments.heads}
        parent = untrained(TransformerConfig.model_validate(sizes | counts), data, arguments.seed)
        for name in arguments.recipes:
            path = arguments.out / f"f{channels}-{name}.ckpt"
            write(path, parent, name, data)
            write_packed(path.with_suffix(".gaq"), packed_checkpoint(path, arguments.data))
            print(path, path.stat().st_size, path.with_suffix(".gaq").stat().st_size, flush=True)


def untrained(config: TransformerConfig, data: Dataset, seed: int) -> Transformer:
    """Return a float network before training."""
    model = Transformer(config, tuple({int(z) for s in data.structures for z in s.species}))
    initialise_(model, torch.Generator().manual_seed(seed))
    model.set_references(*reference_energies(data))
    return model


def write(path: Path, parent: Transformer, recipe: str, data: Dataset) -> None:
    """Write a calibrated checkpoint."""
    chosen = preset(recipe)
    model = parent if recipe == "fp32" else quantized_copy(parent, chosen, prepare(data, parent.cutoff))
    save_checkpoint(path, Checkpoint(model, chosen, {"note": "untrained, for measurements of speed"}))


if __name__ == "__main__":
    main()
