"""Blocks of a page that are meant to be run, in their order, and how each is run in a folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

BLOCK = re.compile(
    r"(?:^<!-- needs: (?P<needs>[^\n]+) -->\n)?(?:^<!-- ends with: (?P<ends>[^\n]+) -->\n)?"
    r'^```(?P<language>\w+)(?: title="(?P<title>[^"\n]+)")?\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """Commands (sh), Python, a file to be written (it has a title), or output (text), which is not run."""

    language: str
    text: str
    title: str
    needs: tuple[str, ...]
    ends: tuple[int, ...]  # exit codes that are as they should be

    def run(self, folder: Path) -> str:
        """Does what a reader does with it; AssertionError with what was said when a command ends otherwise."""
        if self.title:
            (folder / self.title).write_text(self.text, encoding="utf-8")
            return ""
        if self.language == "python":
            return self._command([sys.executable, "-c", self.text], folder)
        if self.language == "sh":
            return "".join(self._command(["bash", "-c", line], folder) for line in commands(self.text))
        assert self.language == "text", f"nobody knows how to run a block of {self.language}"
        return ""

    def _command(self, command: list[str], folder: Path) -> str:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        settings = {"PATH": path, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "120"}
        done = subprocess.run(
            command, cwd=folder, env=os.environ | settings, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode in self.ends, f"{command[-1]}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout


def blocks(text: str) -> list[Block]:
    """All blocks of a page."""
    return [
        Block(
            found["language"],
            found["text"],
            found["title"] or "",
            tuple(need.strip() for need in (found["needs"] or "").split(",") if need.strip()),
            tuple(int(code) for code in (found["ends"] or "0").split(" or ")),
        )
        for found in BLOCK.finditer(text)
    ]


def commands(text: str) -> list[str]:
    """The commands of a shell block; one goes on in the next line behind a backslash."""
    joined = re.sub(r"\\\n\s*", "", text)
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def missing(need: str) -> str:
    """Why a block cannot be run here, or an empty text: `gaq VERB` is a verb of gaq, other needs are modules."""
    if need.startswith("gaq "):
        from gaq.cli.main import VERBS

        verb = need.removeprefix("gaq ")
        return "" if verb in {v.name for v in VERBS} else f"this gaq has no verb `{verb}`"
    return "" if find_spec(need) is not None else f"{need} is not installed"
