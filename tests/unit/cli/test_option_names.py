"""The library names parameters, the command line the options that set them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

import gaq
from gaq.cli.main import application, outcome
from gaq.cli.option_names import OPTIONS, options_of, with_options

SOURCE = Path(gaq.__file__).parent
# A program of its own, and files that hold whole command lines.
COMMANDS = ("simulate/ipi.py", "report/page.py", "report/libraries.py")
OPTION = re.compile(r"(?<![\\w-])--[a-z]")


def options(*arguments: str) -> list[str]:
    return options_of(typer.main.get_command(application()), arguments)


@pytest.mark.parametrize(
    ("said", "verb", "shown"),
    [
        ("`device` cuda: use `device` cpu.", ("check", "m.gaq"), "--device cuda: use --device cpu."),
        ("`backward_bits` 9", ("md",), "--backward 9"),
        ("give `frames` like its own", ("export",), "give --data like its own"),
        ("`frames` 0: expected 1 or more", ("data", "label", "water"), "--frames 0: expected 1 or more"),
        ("give `structures`", ("bench",), "give --structure"),
        ("`timestep` 9", ("data", "label"), "--dt 9"),
        ("see `gaq train`, `device`", ("show", "m.gaq"), "see `gaq train`, `device`"),
        ("`device`", (), "`device`"),
        ("`device`", ("--device",), "`device`"),
    ],
)
def test_parameters_are_said_as_options_of_the_verb(said, verb, shown):
    assert with_options(said, options(*verb)) == shown


def every_option(command) -> set[str]:
    found = {option for parameter in command.params for option in parameter.opts}
    return found.union(*(every_option(below) for below in getattr(command, "commands", {}).values()))


def test_every_other_name_is_that_of_an_option():
    known = every_option(typer.main.get_command(application()))
    assert {f"--{name}" for names in OPTIONS.values() for name in names} <= known


def test_errors_of_the_library_reach_users_with_options(capsys, tmp_path):
    (tmp_path / "m.gaq").write_bytes(b"x")
    assert outcome(["check", str(tmp_path / "m.gaq"), "--engine", "trch"]) == 2
    assert "UsageError: --engine 'trch': expected one of torch, native." in capsys.readouterr().err


def texts(file: Path) -> Iterator[str]:
    """Texts of a module, without docstrings."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    bodies = [node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list)]
    first = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in first:
            yield node.value


def test_the_library_names_no_options():
    files = {file.relative_to(SOURCE).as_posix(): file for file in SOURCE.rglob("*.py")}
    library = [name for name in files if not name.startswith("cli/") and name not in COMMANDS]
    speaking = [name for name in library if any(map(OPTION.search, texts(files[name])))]
    # The command line that makes its frames again, and the version of the compiler.
    assert sorted(speaking) == ["data/label.py", "train/graph_key.py"]
    assert any(map(OPTION.search, texts(files["report/page.py"])))  # the search finds what is there
