"""Every message that the page of troubles shows is one that the program can print, word by word."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest
import typer

from gaq import errors
from gaq.cli.main import application
from gaq.cli.option_names import options_of, with_options
from house.tree import PACKAGE, REPOSITORY, modules

TEXT = (REPOSITORY / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
NAMES = [n for n, e in vars(errors).items() if isinstance(e, type) and issubclass(e, errors.GaqError)]
OWN = (REPOSITORY / "docs" / "own-network.md").read_text(encoding="utf-8")
BLOCKS = "\n".join(re.findall(r"```text\n(.*?)```", TEXT + OWN, flags=re.DOTALL))
MESSAGES = [line for line in BLOCKS.splitlines() if line.partition(":")[0] in NAMES]
SENTENCES = re.findall(r"^\| ((?:rotating|the) [^|]+) \|", TEXT, flags=re.MULTILINE)
FEWEST_LETTERS = 13  # of a text in the source that are the same in each message it makes


def every_option(command) -> set[str]:
    """Return the options of a command and of all below it."""
    below = getattr(command, "commands", {}).values()
    return set(options_of(command, ())).union(*map(every_option, below))


@cache
def printed() -> list[re.Pattern[str]]:
    """Texts of the package, with anything where a value is put in; several may stand one after the other. Parameters
    are said as options, as the command line says them.
    """
    found, options = [], every_option(typer.main.get_command(application()))
    for path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [p.value if isinstance(p, ast.Constant) else None for p in node.values]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
                parts = [node.value]
            else:
                continue
            if sum(len(part) for part in parts if part) >= FEWEST_LETTERS:
                found.append(
                    re.compile(
                        "".join(".*" if part is None else re.escape(with_options(part, options)) for part in parts)
                    )
                )
    return found


def is_printed(message: str) -> bool:
    return any(pattern.fullmatch(message) for pattern in printed())


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_one_of_the_program(message):
    text = message.partition(": ")[2]
    place, _, fault = text.partition(": ")
    assert is_printed(text) or (is_printed(fault) and " " not in place), "nor is it, behind the name of a file"


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_finding_is_one_of_the_check(sentence):
    assert is_printed(sentence)


def test_messages_are_found():
    assert len(MESSAGES) > 20
    assert len(SENTENCES) > 4
    common = {"BadFile", "BadLabels", "BadStructure", "ConfigError", "Diverged", "NotAvailable", "RecipeError"}
    rarer = {"NotFinite", "OutsideData", "UnsupportedElement", "UsageError"}
    assert common | rarer == {line.partition(":")[0] for line in MESSAGES}
    assert PACKAGE.is_dir()


def test_a_message_of_another_program_is_not_taken_for_ours():
    assert not is_printed("--plot needs gnuplot. Install it by: conda install gnuplot")
    assert not is_printed("there is no such thing here")


def test_every_kind_of_error_is_on_the_page():
    assert [name for name in NAMES if name != "GaqError" and name not in TEXT] == []


def test_what_stops_dynamics_is_on_the_page():
    assert "became unstable. step" in TEXT
    assert "became unstable. " in (PACKAGE / "cli" / "md_report.py").read_text(encoding="utf-8")
