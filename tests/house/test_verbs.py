"""Every verb explains itself, and every line that is meant to be pasted is understood by the command."""

from __future__ import annotations

import re
import shlex

import pytest
import typer
from typer.testing import CliRunner

import gaq
from gaq.cli.journeys import JOURNEYS, QUICKEST
from gaq.cli.main import VERBS, application
from gaq.train.config import find_config
from house.tree import REPOSITORY

APP = application()
LINES = [line for journey in (QUICKEST, *JOURNEYS) for line in journey.lines]


def paths() -> list[tuple[str, ...]]:
    """Every verb that is listed, and every verb of a group of verbs, as it is typed."""
    found = typer.main.get_command(APP).commands.items()
    commands = [(name, command) for name, command in found if not command.hidden]
    inside = [(name, below) for name, command in commands for below in getattr(command, "commands", ())]
    return [*((name,) for name, command in commands if not hasattr(command, "commands")), *inside]


def help_of(*path: str) -> str:
    result = CliRunner().invoke(APP, [*path, "--help"], env={"COLUMNS": "80", "TERM": "dumb"})
    assert result.exit_code == 0, result.output
    return result.output


def examples(text: str) -> list[str]:
    """Lines of a page that begin with `gaq`."""
    return [line.strip() for line in text.splitlines() if re.match(r"\s*gaq \w", line)]


def understand(line: str) -> None:
    """Parse a line as the command would, without running it. Raises what the parser raises."""
    arguments = shlex.split(line)[1:]
    command = typer.main.get_command(APP)
    while hasattr(command, "commands"):
        name = arguments.pop(0)
        assert name in command.commands, f"no verb {name!r} in: {line}"
        command = command.commands[name]
    command.make_context("gaq", arguments)


@pytest.mark.parametrize("path", paths(), ids=" ".join)
def test_every_verb_has_help_with_an_example_that_is_understood(path):
    text = help_of(*path)
    lines = examples(text)
    assert lines, f"no example in gaq {' '.join(path)} --help"
    for line in lines:
        assert line.startswith(f"gaq {' '.join(path)}")
        understand(line)


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("gaq ")])
def test_every_command_of_the_journeys_is_understood(line):
    understand(line)


def test_the_python_of_the_journeys_names_what_there_is():
    python = "\n".join(line for line in LINES if not line.startswith("gaq "))
    compile(python, "journeys", "exec")
    names = re.findall(r"gaq\.(\w+)", python)
    assert names
    assert [name for name in names if not hasattr(gaq, name)] == []


def test_configurations_in_examples_are_there():
    named = re.findall(r"configs/\S+", "\n".join([*LINES, *(line for verb in VERBS for line in verb.examples)]))
    assert named
    assert [name for name in named if not (REPOSITORY / name).is_file()] == []
    assert [name for name in named if not find_config(name).is_file()] == []


@pytest.mark.parametrize("line", ["gaq doctor --no-such-option", "gaq no-such-verb", "gaq doctor a.xyz"])
def test_a_line_that_is_not_understood_is_noticed(line):
    with pytest.raises(Exception, match="no-such|unexpected"):
        understand(line)


def test_the_list_of_verbs_names_each():
    text = help_of()
    assert [verb.name for verb in VERBS if not re.search(rf"\b{verb.name}\b", text)] == []
