"""The tutorial, as a reader types it: every block in its order, in one folder."""

from __future__ import annotations

import re

import pytest

from built import native_library
from house.tree import REPOSITORY
from journeys.page import blocks, commands, missing

TEXT = (REPOSITORY / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = blocks(TEXT)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_command_of_the_tutorial_works(tmp_path):
    native_library()
    pytest.importorskip("tblite")
    (tmp_path / "configs").symlink_to(REPOSITORY / "configs")
    skipped = []
    for block in BLOCKS:
        reasons = [reason for need in block.needs if (reason := missing(need))]
        if reasons:
            skipped.append(f"`{block.text.splitlines()[0]}`: {' and '.join(reasons)}")
        else:
            block.run(tmp_path)
    assert (tmp_path / "methanol.gaq").stat().st_size > 10_000
    assert (tmp_path / "runs" / "methanol" / "nve.traj").is_file()
    if skipped:
        pytest.skip(f"all other blocks of the tutorial ran; not {'; '.join(skipped)}")


def test_the_page_has_what_it_promises():
    typed = [line for block in BLOCKS if block.language == "sh" for line in commands(block.text)]
    verbs = {match[1] for line in typed for match in re.finditer(r"(?:^|\()gaq (\w+)", line)}
    assert verbs == {"data", "train", "quantize", "evaluate", "check", "export", "show", "md", "report", "lammps"}
    assert any(line.startswith("lmp ") for line in typed)
    assert TEXT.count("```") == 2 * len(BLOCKS)


def test_a_command_that_fails_is_noticed(tmp_path):
    (wrong,) = blocks("```sh\ngaq inspect none.gaq\n```")
    with pytest.raises(AssertionError, match="BadFile: there is no file none.gaq"):
        wrong.run(tmp_path)
    (past,) = blocks("<!-- ends with: 0 or 1 -->\n```sh\nexit 2\n```")
    with pytest.raises(AssertionError, match="ended with 2"):
        past.run(tmp_path)


def test_what_a_block_needs_is_found_out():
    assert missing("gaq no-such-verb") == "this gaq has no verb `no-such-verb`"
    assert missing("no_such_module") == "no_such_module is not installed"
    assert missing("gaq md") == missing("numpy") == ""
