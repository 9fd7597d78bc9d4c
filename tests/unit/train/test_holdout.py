"""A network knows the elements of its training frames; isolated atoms are always among these."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaq.atoms.structure import Labels, Structure
from gaq.data.dataset import Dataset
from gaq.errors import UsageError
from gaq.train.holdout import hold_out
from gaq.train.session import prepare_training
from tiny import dataset, molecule, train_config


def joined(data: Dataset, *structures: Structure) -> Dataset:
    labels = tuple(Labels(-100.0, np.zeros((len(s), 3))) for s in structures)
    return replace(data, structures=(*data.structures, *structures), labels=(*data.labels, *labels))


def test_isolated_atoms_are_trained_on_beside_the_frames_asked_for(tmp_path):
    atom = Structure.molecule(np.array([7]), np.zeros((1, 3)))
    data = joined(dataset(12), atom)
    for seed in range(6):
        held = hold_out(data, train_config(data={"train": 6, "validation": 2, "split_seed": seed}), tmp_path)
        assert len(held.train) == 7
        assert any(len(s) == 1 for s in held.train.structures)
        assert held.remarks == ()


def test_elements_that_are_only_held_out_are_told_and_left_out(tmp_path):
    data = joined(dataset(8), molecule("SO2"), molecule("NH3"))
    seen = set()
    for seed in range(20):
        settings = train_config(data={"train": 4, "validation": 4, "split_seed": seed})
        prepared = prepare_training(settings, data, tmp_path)
        known = {int(z) for s in prepared.task.frames.dataset.structures for z in s.species}
        assert set(prepared.start.model.species) == known
        assert all(known.issuperset(s.species.tolist()) for s in prepared.task.validation.dataset.structures)
        if known != {1, 6, 7, 8, 16}:
            assert "in no training frame, so the model will not know it" in " ".join(prepared.remarks)
        seen.add(len(prepared.task.validation))
    assert min(seen) < 4, "the control: some splits lose validation frames"


def test_nothing_left_to_validate_on(tmp_path):
    data = joined(dataset(2).subset([1]), molecule("SO2"))  # water and SO2: neither has the elements of the other
    settings = train_config(data={"train": 1, "validation": 1})
    with pytest.raises(UsageError, match="all validation frames of tiny have elements that no training frame has"):
        hold_out(data, settings, tmp_path)


def test_frames_of_other_files_are_trained_on_and_never_held_out(tmp_path):
    own, other = dataset(12), dataset(30, seed=5, name="teacher")
    data = own.with_more(other)
    for seed in range(6):
        (tmp_path / str(seed)).mkdir()
        held = hold_out(data, train_config(data={"validation": 3, "split_seed": seed}), tmp_path / str(seed))
        assert len(held.train) == 9 + 30
        assert set(map(id, other.structures)) <= set(map(id, held.train.structures))
        assert set(map(id, held.validation.structures)) <= set(map(id, own.structures))
    few = hold_out(data, train_config(data={"train": 5, "validation": 3}), tmp_path)
    assert (len(few.train), len(few.validation)) == (5 + 30, 3)
    control = replace(data, more=0)
    (tmp_path / "control").mkdir()
    held = hold_out(control, train_config(data={"validation": 21}), tmp_path / "control")
    assert not set(map(id, held.validation.structures)) <= set(map(id, own.structures))


def test_more_frames_than_rmd17_allows_of_its_own_are_read_again_too(tmp_path):
    """A run that is continued reads its split; frames of a teacher do not count as frames of rMD17."""
    own, other = dataset(12, name="rmd17/tiny"), dataset(1000, seed=5, name="teacher")
    data, settings = own.with_more(other), train_config(data={"validation": 3})
    first, again = (hold_out(data, settings, tmp_path) for _ in range(2))
    assert len(again.train) == 9 + 1000
    assert list(map(id, first.validation.structures)) == list(map(id, again.validation.structures))
    with pytest.raises(UsageError, match="1009 training frames of rmd17/tiny"):
        hold_out(replace(data, more=0), settings, tmp_path)
