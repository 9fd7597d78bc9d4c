"""Which frames are trained on and which are held out, the same ones every time a run is taken up again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from gaq.atoms.elements import SYMBOLS
from gaq.data.dataset import Dataset
from gaq.data.references import is_isolated
from gaq.data.splits import Split, make_split, read_split, write_split
from gaq.errors import UsageError
from gaq.train.config import TrainConfig
from gaq.train.parallel import World


@dataclass(frozen=True)
class HeldOut:
    """Training and validation frames of a data set, and what was left out of them, in sentences."""

    train: Dataset
    validation: Dataset
    remarks: tuple[str, ...] = ()


def hold_out(dataset: Dataset, config: TrainConfig, out: Path, world: World = World()) -> HeldOut:
    """Divide `dataset`; the lists in `out/split.json` are used if they are there already.

    Isolated atoms and the frames of other files are always trained on, in addition to the training frames asked for.
    Validation frames with an element that no training frame has are left out. Raises UsageError when there are too few
    frames.
    """
    path = out / "split.json"
    sizes = config.data
    own = len(dataset) - dataset.more
    alone = [i for i, s in enumerate(dataset.structures[:own]) if is_isolated(s, config.model.cutoff)]
    alone = alone if len(alone) < own - sizes.validation else []
    always = [*alone, *range(own, len(dataset))]
    split = read_split(path, dataset) if path.exists() else None
    if split is None or not (
        len(split.validation) == sizes.validation
        and len(split.train) == (len(split.train) if sizes.train is None else sizes.train + len(always))
        and set(always) <= set(split.train)
    ):
        split = _drawn(dataset, config, always)
        if world.rank == 0:
            write_split(split, path)
    return _with_known_elements(dataset, split)


def _drawn(dataset: Dataset, config: TrainConfig, always: list[int]) -> Split:
    sizes = config.data
    others = sorted(set(range(len(dataset))) - set(always))
    if sizes.train is None and len(others) <= sizes.validation:
        raise UsageError(
            f"{dataset.name} has {len(others)} frames, {sizes.validation} of which would be held out for "
            "validation: none would be left to train on. Give more frames, or lower data.validation."
        )
    train = len(others) - sizes.validation if sizes.train is None else sizes.train
    split = make_split(dataset.subset(others), train, sizes.validation, seed=sizes.split_seed)
    parts = [tuple(others[i] for i in part) for part in (split.train, split.validation, split.test)]
    return replace(split, train=tuple(sorted([*parts[0], *always])), validation=parts[1], test=parts[2])


def _with_known_elements(dataset: Dataset, split: Split) -> HeldOut:
    """Return the frames of a split; a network knows the elements of its training frames, and is validated on no
    other.
    """
    train = dataset.subset(split.train)
    known = {int(z) for s in train.structures for z in s.species}
    fit = [i for i in split.validation if known.issuperset(dataset.structures[i].species.tolist())]
    strange = sorted({int(z) for s in dataset.structures for z in s.species} - known)
    if not strange:
        return HeldOut(train, dataset.subset(split.validation))
    symbols = ", ".join(SYMBOLS[z] for z in strange)
    if not fit:
        raise UsageError(
            f"all validation frames of {dataset.name} have elements that no training frame has ({symbols}). Train on "
            f"more frames, or choose another data.split_seed."
        )
    lost = len(split.validation) - len(fit)
    remark = f"{symbols}: in no training frame, so the model will not know it"
    return HeldOut(
        train, dataset.subset(fit), (f"{remark}; {lost} validation frames with it are left out" if lost else remark,)
    )
