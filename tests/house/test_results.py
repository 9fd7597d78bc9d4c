"""Pages of results are what their templates and rows say, short, and made by commands that exist."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.tree import REPOSITORY, project_files

sys.path.insert(0, str(REPOSITORY))
from benchmarks.common import places
from benchmarks.render.__main__ import rendered, templates
from benchmarks.render.template import WIDTH, filled, wrapped
from gaq.errors import BadFile
from gaq.measure.ledger import Row, write_rows

MOST_WORDS = 2500
PAGES = sorted(str(path) for path in templates())
RESULTS = [name for name in PAGES if name.startswith("docs/results/")]
SCRIPTS = [path for path in project_files() if path.suffix == ".py" and path.is_relative_to(REPOSITORY / "benchmarks")]
SCRIPTS += [path for path in project_files() if path.suffix == ".py" and path.is_relative_to(REPOSITORY / "studies")]
COMMAND = re.compile(r"python (?:-W ignore )?-m ((?:benchmarks|studies)[\w.]*)")


def outdated(expected: dict[Path, str], root: Path) -> list[str]:
    return [str(page) for page, text in expected.items() if (root / page).read_text(encoding="utf-8") != text]


def too_long(text: str) -> Iterator[str]:
    """Lines of prose and code past the limit; tables have none, and a line that is one picture or link has no break."""
    for line in text.splitlines():
        if len(line) > WIDTH and not line.startswith(("|", "![")):
            yield line


def test_pages_are_up_to_date():
    """`python -m benchmarks.render` writes them."""
    assert outdated(rendered(), REPOSITORY) == []


def test_an_old_page_would_be_found(tmp_path):
    (tmp_path / "page.md").write_text("1.03\n")
    assert outdated({Path("page.md"): "1.04\n"}, tmp_path) == ["page.md"]


def test_there_are_six_pages_of_results():
    assert len(RESULTS) == 6
    assert "docs/results/speed.md" in RESULTS
    assert sorted(str(p.relative_to(REPOSITORY)) for p in (REPOSITORY / "docs" / "results").iterdir()) == RESULTS


@pytest.mark.parametrize("name", RESULTS)
def test_a_page_of_results_is_short(name):
    assert len((REPOSITORY / name).read_text(encoding="utf-8").split()) <= MOST_WORDS


@pytest.mark.parametrize("name", PAGES)
def test_lines_are_short(name):
    assert list(too_long((REPOSITORY / name).read_text(encoding="utf-8"))) == []


def test_a_long_line_would_be_found():
    assert list(too_long(f"{'a ' * WIDTH}\n| {'a ' * WIDTH}|\n")) == ["a " * WIDTH]


def test_every_study_has_its_page():
    for folder in (path for path in (REPOSITORY / "studies").iterdir() if path.is_dir() and path.name[0] != "_"):
        assert (folder / "README.md").is_file(), folder


def test_every_ledger_is_read():
    """Rows that no table and no figure uses are dead."""
    code = "".join(path.read_text(encoding="utf-8") for path in (*SCRIPTS, *templates().values()))
    ledgers = [*(REPOSITORY / "docs" / "ledger").glob("*.jsonl"), *(REPOSITORY / "studies").glob("*/*.jsonl")]
    families = tuple(
        f"{first}{name}-" for first in ("", places.FIRST) for name in ("methods", "rmd17")
    )  # one ledger a molecule
    assert [p.stem for p in ledgers if p.stem not in code and not p.stem.startswith(families)] == []


def test_commands_and_imports_name_modules_that_exist():
    named = set()
    for path in (*project_files(),):
        if path.suffix in (".md", ".py") or path.name == "Makefile":
            named |= set(COMMAND.findall(path.read_text(encoding="utf-8")))
    for path in SCRIPTS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(("benchmarks", "studies")):
                named.add(node.module)
    assert len(named) > 30
    assert [name for name in sorted(named) if not exists(name)] == []
    assert not exists("benchmarks.accuracy.nothing")


def exists(module: str) -> bool:
    path = REPOSITORY.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


@pytest.fixture
def ledger(tmp_path, monkeypatch) -> None:
    """A ledger `a` of two recipes, one of them with two seeds."""
    monkeypatch.setattr(places, "LEDGERS", tmp_path)
    rows = [("fp32", 4.0, 0), ("w4", 5.0, 0), ("w4", 7.0, 1)]
    write_rows(
        tmp_path / "a.jsonl",
        [
            Row("force_mae", value, "meV/Å", f"{recipe}/qat", recipe, "native", "x", 9, seed=s)
            for recipe, value, s in rows
        ],
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ledger:a|w4|force_mae}} meV/Å", "6.00 meV/Å"),
        ("{{ledger:a|w4/qat|force_mae|x}}", "6.00"),
        ("{{ledger:a|w4|force_mae:±}}", "6.0 ± 1.0"),
        ("{{ledger:a|w4|force_mae / a|fp32|force_mae}}", "1.5"),
        ("{{ledger:a|w4|force_mae %\na|fp32|force_mae}}", "+50 %"),
        ("{{ledger:a|w4|force_mae:1}}", "6"),
    ],
)
def test_figures_come_from_rows(ledger, text, expected):
    assert filled(text, "benchmarks.render") == expected + "\n"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{{ledger:a|w8|force_mae}}", KeyError),
        ("{{ledger:a|w4|energy_mae}}", KeyError),
        ("{{ledger:a|w4|force_mae|y}}", KeyError),
        ("{{ledger:b|w4|force_mae}}", BadFile),
        ("{{leger:a|w4|force_mae}}", ValueError),
        ("{{table:methods.nothing}}", AttributeError),
    ],
)
def test_a_figure_without_a_row_is_an_error(ledger, text, error):
    with pytest.raises(error):
        filled(text, "benchmarks.render")


def test_only_prose_is_wrapped():
    word, code, row = "word " * 30, "```\n" + "x " * 90 + "\n\ny\n```", "| " + "cell | " * 30
    text = f"# {word.strip()}\n\n{word}\n\n- {word}\n- b\n\n{row}\n\n{code}\n\n{'a ' * 47}`a b c d e f` 50 %\n"
    found = wrapped(text)
    assert code in found
    assert row in found
    assert all(len(line) <= WIDTH for line in found.splitlines() if line.startswith(("word", "- ", "  word")))
    assert "\n  word" in found
    assert "\n`a b c d e f` 50 %" in found
    assert wrapped(found) == found
