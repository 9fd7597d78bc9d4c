from __future__ import annotations

from dataclasses import dataclass

import pytest

from gaq.errors import RecipeError
from gaq.quant.plain import from_plain, kind_of, to_plain


@dataclass(frozen=True)
class Leaf:
    size: int


@dataclass(frozen=True)
class LongBranch:
    leaf: Leaf
    name: str = "oak"


def test_kinds_are_the_words_of_the_name():
    assert [kind_of(Leaf), kind_of(LongBranch)] == ["leaf", "long-branch"]


def test_there_and_back():
    branch = LongBranch(Leaf(3), "elm")
    plain = {"kind": "long-branch", "leaf": {"kind": "leaf", "size": 3}, "name": "elm"}
    assert to_plain(branch) == plain
    assert from_plain(plain, (Leaf, LongBranch), "tree") == branch
    assert from_plain({"kind": "long-branch", "leaf": plain["leaf"]}, (Leaf, LongBranch), "tree").name == "oak"


def test_an_error_says_where():
    with pytest.raises(RecipeError, match=r"tree\.leaf of kind 'leaf' has no key 'sise'.*'size'"):
        from_plain({"kind": "long-branch", "leaf": {"kind": "leaf", "sise": 3}}, (Leaf, LongBranch), "tree")
