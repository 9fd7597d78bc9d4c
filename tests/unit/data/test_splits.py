"""Splits: disjoint, seeded, written and read back, refused for another file."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gaq.data.splits import make_split, read_split, write_split
from gaq.errors import BadFile, UsageError


def test_disjoint_and_complete(ethanol):
    split = make_split(ethanol, 40, 8, seed=3)
    assert [len(split.train), len(split.validation), len(split.test)] == [40, 8, 12]
    assert sorted([*split.train, *split.validation, *split.test]) == list(range(60))
    assert len(make_split(ethanol, 40, 8, 5).test) == 5


def test_the_seed_decides(ethanol):
    assert make_split(ethanol, 40, 8, seed=3) == make_split(ethanol, 40, 8, seed=3)
    assert make_split(ethanol, 40, 8, seed=3) != make_split(ethanol, 40, 8, seed=4)


def test_there_and_back(ethanol, tmp_path):
    split = make_split(ethanol, 40, 8, seed=3)
    write_split(split, tmp_path / "split.json")
    assert read_split(tmp_path / "split.json", ethanol) == split
    assert (len(split.train), len(split.validation), len(split.test)) == (40, 8, 12)


def test_another_file_is_refused(ethanol, tmp_path):
    write_split(make_split(ethanol, 40, 8), tmp_path / "split.json")
    other = replace(ethanol, sha256="0" * 64)
    with pytest.raises(BadFile, match=r"was made for ethanol-gfn2-xtb \(SHA-256 .*has 000000000000"):
        read_split(tmp_path / "split.json", other)


@pytest.mark.parametrize("sizes", [(60, 1, None), (0, 8, None), (40, -1, None), (40, 8, 13)])
def test_too_many_or_too_few(ethanol, sizes):
    with pytest.raises(UsageError, match="has 60 frames; asked for"):
        make_split(ethanol, *sizes)


def test_more_than_a_thousand_frames_of_rmd17(ethanol):
    many = ethanol.subset([0] * 1200)
    assert len(make_split(many, 1001, 10).train) == 1001
    with pytest.raises(UsageError, match="DO NOT train a model on more than 1000"):
        make_split(replace(many, name="rmd17/ethanol"), 1001, 10)
    assert len(make_split(replace(many, name="rmd17/ethanol"), 1000, 10).train) == 1000


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.update(train=raw["train"][:-1]),
        lambda raw: raw["train"].__setitem__(0, raw["test"][0]),
        lambda raw: raw["train"].__setitem__(0, 60),
        lambda raw: raw["train"].__setitem__(0, -1),
    ],
)
def test_lists_changed_by_hand(ethanol, tmp_path, change):
    path = tmp_path / "split.json"
    write_split(make_split(ethanol, 40, 8), path)
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw))
    with pytest.raises(BadFile, match="lists that overlap"):
        read_split(path, ethanol)


@pytest.mark.parametrize("text", ["{", "[]", '{"train": [1]}', "nonsense"])
def test_no_split_file(ethanol, tmp_path, text):
    (tmp_path / "split.json").write_text(text)
    with pytest.raises(BadFile, match="Expected a split file; make the split again"):
        read_split(tmp_path / "split.json", ethanol)
