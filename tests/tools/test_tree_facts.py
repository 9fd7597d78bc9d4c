"""Facts of the tree are counted right, and the limits that hold stay."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from built import REPOSITORY

SPEC = importlib.util.spec_from_file_location("tree_facts", REPOSITORY / "tools" / "tree_facts.py")
assert SPEC is not None
assert SPEC.loader is not None
house = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(house)


def test_no_file_is_too_long_and_nothing_imports_in_a_circle():
    done = subprocess.run(
        [sys.executable, REPOSITORY / "tools" / "tree_facts.py"],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
    )
    assert "files past 350 lines: 0" in done.stdout
    assert "import circles: 0" in done.stdout


def test_circles_are_found():
    edges = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a", "e"}, "e": set()}
    assert house.strongly_connected(edges) == [["a", "b", "c"]]
    assert house.strongly_connected({"a": {"b"}, "b": set()}) == []
    two = {"a": {"b"}, "b": {"a", "c"}, "c": {"d"}, "d": {"c"}}
    assert house.strongly_connected(two) == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".py", "def f(\n    a,\n    b,\n):\n{body}\n\ndef g():\n    pass\n"),
        (".cpp", "int f(int a) {{\n{body}\n}}\nint g() {{\n  return 1;\n}}\n"),
    ],
)
def test_long_functions_are_found(tmp_path, suffix, text):
    for lines, found in ((60, []), (61, ["f"])):
        extra = 0 if suffix == ".py" else 2  # the line of its name and the last brace
        body = "\n".join(["    x = 1" if suffix == ".py" else "  x = 1;"] * (lines - extra))
        path = tmp_path / f"a{suffix}"
        path.write_text(text.format(body=body))
        assert [name for name, _ in house.long_functions(path)] == found


def test_a_constructor_does_not_swallow_what_follows():
    code = (
        "Run::Run(int a)\n    : a_(a) {\n  if (a) {\n  }\n}\n"
        + "int b;\n" * 90
        + "struct C {\n    int d() {\n    }\n};\n"
    )
    assert max((lines for _, lines in house.native_functions(code)), default=0) < 10


def test_prose_is_text_and_sentences_of_strings(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Two words\n\n| a | b |\n\n```\nnot this\n```\n\none {{ledger:a|b|c}} two\n")
    assert house.prose(page) == 5
    code = tmp_path / "a.py"
    code.write_text('"""One two three four five six seven eight."""\nx = "two words"  # a comment here\n')
    assert house.prose(code) == 8 + 4


def test_another_tree_can_be_measured(tmp_path: Path):
    (tmp_path / "src" / "a").mkdir(parents=True)
    (tmp_path / "src" / "a" / "b.py").write_text("x = 1\n" * 3)
    assert [house.area_of(path, tmp_path) for path in house.files(tmp_path)] == ["src"]
