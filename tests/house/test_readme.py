"""The README is short and true: its commands are understood, and its picture and table are there."""

from __future__ import annotations

import re

import pytest

from gaq.quant.recommended import RECOMMENDED
from house.test_commands import BLOCK
from house.test_verbs import understand
from house.tree import REPOSITORY

TEXT = (REPOSITORY / "README.md").read_text(encoding="utf-8")
# Lines of blocks without a language, and commands in running text.
BLOCKS = "\n".join(block for kind, block in BLOCK.findall(TEXT) if not kind)
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


def test_the_table_has_five_rows_and_six_figures():
    table = TEXT.partition("<!-- table -->")[2].partition("<!-- /table -->")[0]
    lines = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    assert [len(line) for line in lines] == [7] * 7
    titles = [line[0].partition(":")[0].strip() for line in lines[2:]]
    assert titles == ["float", "recommended", "smallest", "published", "first generation"]
    assert RECOMMENDED in lines[3][0]
    assert "our float engine" in lines[0][6]


def test_it_is_short():
    assert len(TEXT.splitlines()) < 150
    assert len(TEXT.partition("## Install")[0].split()) <= 400
    assert "## Install" in TEXT


def test_the_first_program_runs(monkeypatch, capsys):
    monkeypatch.chdir(REPOSITORY)
    program = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)[0]
    assert len([line for line in program.splitlines() if line]) <= 6
    exec(program, {})
    assert "BFGS" in capsys.readouterr().out
