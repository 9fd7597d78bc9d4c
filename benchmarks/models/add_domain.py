"""Add repulsion and domain of the training data to checkpoints, in place; no figure changes.

python -m benchmarks.models.add_domain --data PATH/rmd17_ethanol_train_01.npz models/rmd17-ethanol-*.ckpt
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from gaq.data.dataset import Dataset
from gaq.data.read import read_dataset
from gaq.data.splits import make_split
from gaq.errors import UsageError
from gaq.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from gaq.train.config import TrainConfig
from gaq.train.domain import domain_of
from gaq.train.frames import prepare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="+", type=Path)
    parser.add_argument("--data", required=True, type=Path, help="the file they were trained on")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    dataset = read_dataset(str(arguments.data))
    for path in arguments.checkpoints:
        save_checkpoint(path, with_domain(load_checkpoint(path), dataset, str(path)))
        print(path, flush=True)


def with_domain(checkpoint: Checkpoint, dataset: Dataset, name: str) -> Checkpoint:
    facts = checkpoint.manifest if "config" in checkpoint.manifest else checkpoint.manifest.get("parent", {})
    config = TrainConfig.model_validate(facts.get("config", {}))
    if facts.get("data", {}).get("sha256") != dataset.sha256:
        raise UsageError(f"{name} was trained on other data ({facts.get('data')}) than {dataset.name}")
    train = len(dataset) - config.data.validation if config.data.train is None else config.data.train
    split = make_split(dataset, train, config.data.validation, seed=config.data.split_seed)
    model = checkpoint.model
    frames = prepare(dataset.subset(split.train), model.cutoff)
    model.repulsion.build_(torch.from_numpy(frames.closest(model.species)))
    model.domain = domain_of(model, frames)
    return replace(checkpoint, model=model)


if __name__ == "__main__":
    main()
