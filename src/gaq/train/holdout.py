"""Which frames are trained on and which are held out, the same ones every time a run is taken up again."""

from __future__ import annotations

from pathlib import Path

from gaq.data.dataset import Dataset
from gaq.data.splits import Split, make_split, read_split, write_split
from gaq.errors import UsageError
from gaq.train.config import TrainConfig
from gaq.train.parallel import World


def hold_out(dataset: Dataset, config: TrainConfig, out: Path, world: World = World()) -> tuple[Dataset, Dataset]:
    """Training and validation frames of `dataset`; the lists in `out/split.json` are used if they are there already."""
    path = out / "split.json"
    sizes = config.data
    if path.exists():
        split = read_split(path, dataset)
        if len(split.validation) != sizes.validation or len(split.train) != (sizes.train or len(split.train)):
            split = _drawn(dataset, config, path, world)
    else:
        split = _drawn(dataset, config, path, world)
    return dataset.subset(split.train), dataset.subset(split.validation)


def _drawn(dataset: Dataset, config: TrainConfig, path: Path, world: World) -> Split:
    sizes = config.data
    if sizes.train is None and len(dataset) <= sizes.validation:
        raise UsageError(
            f"{dataset.name} has {len(dataset)} frames, {sizes.validation} of which would be held out for "
            "validation: none would be left to train on. Give more frames, or lower data.validation."
        )
    train = len(dataset) - sizes.validation if sizes.train is None else sizes.train
    split = make_split(dataset, train, sizes.validation, seed=sizes.split_seed)
    if world.rank == 0:
        write_split(split, path)
    return split
