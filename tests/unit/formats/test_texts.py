"""JSON and TOML from outside end in a value or in one sentence, whatever they hold."""

from __future__ import annotations

import json

import pytest

from gaq.errors import BadFile
from gaq.formats.texts import (
    DEEPEST,
    LONGEST_TOML,
    finite,
    parse_toml,
    read_json,
    read_toml,
    shown,
    strict_json,
    to_json,
)


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Expecting"),
        ("", "Expecting value"),
        ("NaN", "NaN is not a number"),
        ('{"a": -Infinity}', "-Infinity is not a number"),
        ("1e999", "beyond the range of numbers"),
        ('{"a": 1, "a": 1}', "a key occurs twice"),
        ("[" * 100_000, "nested too deep"),
        (nested(DEEPEST + 1), f"nested more than {DEEPEST} deep"),
        ("9" * 81, "an integer has 81 digits"),
        ("-" + "9" * 100_000, "an integer has 100001 digits"),
        ('["\\ud800"]', "half a surrogate pair"),
        ('{"\\udfff": 1}', "half a surrogate pair"),
        (b"\xff\xfe\xff", "codec can't decode"),
        (b"\x80", "codec can't decode"),
    ],
)
def test_json_is_strict(text, reason):
    with pytest.raises(BadFile, match=f"^the recipe is not JSON .*{reason}.*Write it again.$") as told:
        strict_json(text, "the recipe", "Write it again.")
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 300


@pytest.mark.parametrize("text", [nested(DEEPEST), "9" * 80, '["\\ud83d\\ude00", 1e308, null]', f'"{"a" * 10**6}"'])
def test_json_within_the_limits_is_read(text):
    assert strict_json(text, "a text", "") == json.loads(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a = ", "Invalid value"),
        ("a = " + "[" * 100_000, "nested too deep"),
        ("a = " + "[" * 65 + "]" * 65, f"nested more than {DEEPEST} deep"),
        (".".join(["a"] * 10_000) + " = 1", f"nested more than {DEEPEST} deep"),
        (f"[{'.'.join(['a'] * 100)}]", f"nested more than {DEEPEST} deep"),
        ("a = " + "9" * 5000, "integer"),
        ("a = 9223372036854775808", "more than 64 bits"),
        ("a = -9223372036854775809", "more than 64 bits"),
        ("a = [{b = 0x" + "f" * 5000 + "}]", "more than 64 bits"),
        ("a = 1\na = 2", "overwrite"),
    ],
)
def test_toml_is_bounded(text, reason):
    with pytest.raises(ValueError, match=reason) as told:
        parse_toml(text)
    assert len(str(told.value)) < 300


def test_toml_within_the_limits_is_read():
    assert parse_toml("a = 9223372036854775807\nb = -9223372036854775808") == {"a": 2**63 - 1, "b": -(2**63)}


def test_files_are_read_up_to_a_size(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text("# " + "x" * LONGEST_TOML)
    with pytest.raises(BadFile, match="a.toml is longer than 1 MiB"):
        read_toml(path)
    path.write_bytes(b"\xff = 1")
    with pytest.raises(BadFile, match="is not a text file"):
        read_toml(path)
    path.write_text('{"a": [1]}')
    assert read_json(path, "") == {"a": [1]}
    with pytest.raises(BadFile, match="none.json"):
        read_json(tmp_path / "none.json", "")


def test_an_endless_file_is_not_read_to_its_end():
    with pytest.raises(BadFile, match="is longer than 1 MiB"):
        read_toml("/dev/zero")


def test_values_are_quoted_in_few_characters():
    assert shown("a") == "'a'"
    assert len(shown("a" * 10**6)) == 60
    assert shown(10**5000) == "a value too long to print"


def test_numbers_that_json_lacks_become_texts():
    assert to_json(finite({"a": [float("nan"), (1.0, float("-inf"))]})) == '{"a":["NaN",[1.0,"-Infinity"]]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(float("nan"))
