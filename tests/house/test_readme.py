"""The README is short and true: its commands are understood, and its picture and table are there."""

from __future__ import annotations

import re

import pytest

from house.test_verbs import understand
from house.tree import REPOSITORY

TEXT = (REPOSITORY / "README.md").read_text(encoding="utf-8")
# Lines of blocks without a language, and commands in running text.
BLOCKS = "\n".join(re.findall(r"```\n(.*?)```", TEXT, flags=re.DOTALL))
COMMANDS = [
    *(line for line in BLOCKS.splitlines() if line.startswith("gaq ")),
    *re.findall(r"`(gaq \w[^`]*)`", TEXT),
]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_understood(line):
    understand(line)


def test_commands_are_found():
    assert len(COMMANDS) > 8
    assert {"label", "train", "quantize", "evaluate", "check"} <= {w for c in COMMANDS for w in c.split()}


def test_make_knows_its_targets():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^make (\w+)", BLOCKS, flags=re.MULTILINE)
    assert targets == ["demo", "test"]
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in targets)


def test_the_table_has_its_recipes():
    table = TEXT.partition("<!-- table -->")[2].partition("<!-- /table -->")[0]
    assert {"fp32", "fp32-control", "frame-w4a8", "w4"} <= set(re.findall(r"[\w-]+", table))


def test_it_is_short():
    assert len(TEXT.splitlines()) < 150
