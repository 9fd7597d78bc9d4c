"""The stored form of specs: flat as in files of every version, nested for wrappers that came later."""

from __future__ import annotations

import itertools

import pytest

from gaq.errors import RecipeError
from gaq.quant.methods.dorefa import Squashed
from gaq.quant.methods.pact import LearnedRange
from gaq.quant.methods.quarot import Mixed
from gaq.quant.spec import Framed, Uniform
from gaq.quant.stored_spec import INNERMOST_FIRST, spec_from_dict, spec_to_dict
from gaq.quant.wrappers import Centred, Compensated, Learned

ROWS = Uniform(8, per="row")
FLAT = {
    **{"kind": "uniform", "bits": 8, "per": "tensor", "group": None, "learn_step": False, "learn_clip": False},
    **{"squash": False, "rotate": False, "centred": False, "principal": 0},
}


@pytest.mark.parametrize(
    ("spec", "marks"),
    [
        (Uniform(8), {}),
        (Learned(Uniform(8, per="group", group=4)), {"per": "group", "group": 4, "learn_step": True}),
        (LearnedRange(Uniform(8)), {"learn_clip": True}),
        (Mixed(Squashed(Uniform(8))), {"squash": True, "rotate": True}),
        (Centred(ROWS), {"per": "row", "centred": True}),
        (Centred(Compensated(ROWS, 1)), {"per": "row", "centred": True, "principal": 1}),
    ],
)
def test_a_uniform_scheme_is_one_table_with_the_keys_in_their_old_order(spec, marks):
    flat = FLAT | marks
    assert list(spec_to_dict(spec).items()) == list(flat.items())
    assert spec_from_dict(flat) == spec
    assert spec_to_dict(Framed(spec)) == {"kind": "framed", "inner": flat}
    assert spec_from_dict({"kind": "framed", "inner": flat}) == Framed(spec)


def test_keys_that_exclude_each_other_are_refused():
    """Every pair that the classes refuse is refused in a file, and no pair is read as something else."""
    read = set()
    for pair in itertools.combinations(INNERMOST_FIRST, 2):
        for per in ("tensor", "row"):
            data = {"kind": "uniform", "bits": 8, "per": per} | {k: 2 if k == "principal" else True for k in pair}
            try:
                found = spec_to_dict(spec_from_dict(data))
            except RecipeError:
                continue
            assert all(found[key] == value for key, value in data.items())
            read.add((per, *pair))
    assert read == {
        ("tensor", "learn_step", "rotate"),
        ("tensor", "learn_clip", "rotate"),
        ("tensor", "squash", "rotate"),
        ("row", "principal", "centred"),
    }


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"rotat": True}, "Did you mean 'rotate'"),
        ({"squash": 1}, "squash is 1; expected true or false"),
        ({"per": "row", "principal": 17}, "rank is 17; expected an integer from 1 to 16"),
        ({"per": "row", "principal": -1}, "rank is -1"),
    ],
)
def test_flat_data_that_is_no_spec_is_refused(more, said):
    with pytest.raises(RecipeError, match=said):
        spec_from_dict({"kind": "uniform", "bits": 8} | more)
