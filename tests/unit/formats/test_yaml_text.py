"""YAML is read as plain data; whatever runs code or grows is refused."""

from __future__ import annotations

import pytest

from gaq.errors import BadFile
from gaq.formats.yaml_text import read_yaml


def read(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return read_yaml(path, "Copy it again.")


def test_plain_data(tmp_path):
    assert read(tmp_path, "a: {b: [1, 2.5, x]}\nc:\n- null\n- true\n") == {"a": {"b": [1, 2.5, "x"]}, "c": [None, True]}


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system ['true']\n",
        "a: !!python/name:os.system\n",
        "a: &x [1, 2]\nb: *x\n",
        "a: [1\n",
        "a: b: c\n",
        "a: " + "[" * 200 + "]" * 200 + "\n",
        "a: " + "[" * 5000 + "]" * 5000 + "\n",
        "a: \x00\n",
    ],
)
def test_everything_else_is_one_sentence(tmp_path, text):
    with pytest.raises(BadFile, match=r"config\.yaml is not YAML of plain data \(.+\)\. Copy it again\.") as found:
        read(tmp_path, text)
    assert "\n" not in str(found.value)


def test_a_long_file_is_not_read(tmp_path):
    with pytest.raises(BadFile, match="longer than"):
        read(tmp_path, "a: 1\n" * 2**18)
