"""Commands on a terminal, where progress is a bar and not lines of a log."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from rich.text import Text

FEW = ["--set", "data.train=12", "--set", "data.validation=4", "--channels", "4", "--layers", "1", "--epochs", "2"]


def on_terminal(folder: Path, *arguments: str) -> tuple[int, str]:
    """Return the exit status and what a terminal of 100 columns shows, without its control sequences."""
    ours, theirs = pty.openpty()
    shown = b""
    environment = os.environ | {"COLUMNS": "100", "TERM": "xterm", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-m", "gaq", *arguments]
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as child:
        os.close(theirs)
        while True:
            try:
                read = os.read(ours, 65536)
            except OSError:  # Linux: nobody holds the other end any more
                break
            if not read:
                break
            shown += read
    os.close(ours)
    return child.returncode, Text.from_ansi(shown.decode().replace("\r\n", "\n")).plain


@pytest.mark.long
def test_a_model_is_trained_quantized_evaluated_and_timed_on_a_terminal(tmp_path):
    frames = ["--data", "embedded", "--limit", "16"]
    model, packed = "q/model.ckpt", "q.gaq"
    commands = {
        "8/8 steps": ["train", "embedded", *FEW, "--batch", "3", "--out", "f"],
        "recipe w4": ["quantize", "f/model.ckpt", *frames, "--recipe", "w4", "--epochs", "2", "--out", "q"],
        "meV/Å": ["evaluate", model, *frames],
        packed: ["export", model, "-o", packed],
        "ms": ["bench", packed, "--no-torch", "--seconds", "0.05"],
    }
    for expected, arguments in commands.items():
        status, shown = on_terminal(tmp_path, *arguments)
        assert status == 0, shown
        assert expected in shown
        assert "Traceback" not in shown
