"""Every command of gaq that a document shows is one that the command line understands."""

from __future__ import annotations

import re

import pytest

from house.test_verbs import understand
from house.tree import REPOSITORY, project_files

BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENTS = [path for path in project_files() if path.suffix == ".md"]


def commands(text: str) -> list[str]:
    """Lines of blocks of commands that begin with gaq; one goes on in the next line behind a backslash."""
    joined = (re.sub(r"\\\n\s*", "", block) for kind, block in BLOCK.findall(text) if kind in ("", "sh"))
    lines = (line for block in joined for line in block.splitlines() if line.startswith("gaq "))
    return [line.partition("  #")[0].strip() for line in lines]


TYPED = [
    pytest.param(line, id=f"{path.relative_to(REPOSITORY)}: {line}"[:100])
    for path in DOCUMENTS
    for line in commands(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("line", TYPED)
def test_a_command_is_understood(line):
    understand(line)


def test_commands_are_found_and_wrong_ones_noticed():
    assert len(TYPED) > 20
    assert commands("```sh\ngaq md a.gaq \\\n  b.xyz\nls\n```\n```text\ngaq out\n```\n") == ["gaq md a.gaq b.xyz"]
    with pytest.raises(Exception, match="no-such"):
        understand("gaq md a.gaq b.xyz --no-such-option 3")
