"""Frames of other files come after a data set's own, and are told apart from them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gaq.data.states import ElectronicState, check_states
from gaq.errors import BadLabels
from tiny import dataset


def test_more_frames_come_last_and_are_counted():
    one, two, three = dataset(4), dataset(3, seed=1, name="b"), dataset(2, seed=2, name="c")
    both = one.with_more(two).with_more(three)
    assert (len(both), both.more, both.name) == (9, 5, "tiny")
    assert both.structures == (*one.structures, *two.structures, *three.structures)
    assert both.labels == (*one.labels, *two.labels, *three.labels)
    assert both.remarks == ("3 more frames to train on, of b", "2 more frames to train on, of c")
    assert both.subset(range(4)).more == 0


def test_the_hash_is_of_all_files():
    one, two = replace(dataset(2), sha256="a"), replace(dataset(2), sha256="b")
    assert len({one.sha256, one.with_more(two).sha256, two.with_more(one).sha256, one.with_more(one).sha256}) == 4


def test_charges_of_other_files_are_seen():
    neutral, charged = dataset(2), replace(dataset(2), states=(ElectronicState(charge=1.0),) * 2)
    for data in (neutral.with_more(charged), charged.with_more(neutral)):
        with pytest.raises(BadLabels, match="mixes frames of different charge"):
            check_states(data.structures, data.states, data.name)
    same = charged.with_more(charged)
    check_states(same.structures, same.states, same.name)
