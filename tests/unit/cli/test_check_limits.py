"""Every limit of `gaq check` has an option that says what it limits and its default; a file sets them too."""

from __future__ import annotations

import pytest

from gaq.cli.check_limits import OPTIONS, PARAMETERS, chosen
from gaq.errors import BadFile, UsageError
from gaq.measure.limits import LIMITS


def values(limits) -> dict[str, float]:
    return {limit.metric: limit.value for limit in limits}


def test_every_limit_has_one_option():
    limited = [metric for option in OPTIONS.values() for metric in option.metrics]
    assert sorted(limited) == sorted(limit.metric for limit in LIMITS)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.metric)
def test_the_help_of_an_option_names_the_metric_and_its_default(limit):
    (option,) = [option for option in OPTIONS.values() if limit.metric in option.metrics]
    assert f"{limit.metric} = {limit.value:g}" in option.help


def test_without_options_the_limits_are_the_defaults():
    assert values(chosen(dict.fromkeys(PARAMETERS), None)) == values(LIMITS)


def test_options_count_before_a_file_and_a_file_before_the_defaults(tmp_path):
    (tmp_path / "l.toml").write_text("lee_max = 3\ndrift = 0.25\n", encoding="utf-8")
    found = values(chosen({"max_lee": 7.0, "max_drift": None}, tmp_path / "l.toml"))
    assert (found["lee_max"], found["drift"]) == (7.0, 0.25)
    assert found["path_work"] == values(LIMITS)["path_work"]


def test_an_option_may_limit_several_metrics():
    found = values(chosen({"max_energy_change": 9.0}, None))
    assert [found[m] for m in ("energy_invariance", "translation_energy", "permutation_energy")] == [9.0] * 3


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("lee = 1.0", UsageError, "no limit for 'lee'"),
        ("lee_max = -1.0", UsageError, "zero or more"),
        ("lee_max = nan", UsageError, "zero or more"),
        ("lee_max = true", UsageError, "must be a number"),
        ("lee_max = '1'", UsageError, "must be a number"),
        ("[lee_max]\nvalue = 1", UsageError, "must be a number"),
        ("lee_max =", BadFile, "no file of limits"),
        ("lee_max = " + "[" * 5000, BadFile, "no file of limits"),
        ("lee_max = " + "9" * 5000, BadFile, "no file of limits"),
        ("lee_max = " + "9" * 4000, BadFile, "no file of limits"),
        ("# " + "x" * 2_000_000, BadFile, "is longer than"),
        ("", BadFile, "empty"),
    ],
    ids=["unknown", "negative", "nan", "bool", "text", "table", "cut", "deep", "digits", "huge", "long", "empty"],
)
def test_a_file_that_is_none_is_refused_by_its_name(tmp_path, text, error, said):
    (tmp_path / "l.toml").write_text(text, encoding="utf-8")
    with pytest.raises(error, match=said) as caught:
        chosen({}, tmp_path / "l.toml")
    assert "l.toml" in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "l.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadFile, match="not a text file"):
        chosen({}, tmp_path / "l.toml")
