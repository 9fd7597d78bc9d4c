"""The bar of a training on a terminal, and its lines in a log."""

from __future__ import annotations

import sys

import pytest
from rich.text import Text

from gaq.cli.training_progress import shown_training
from gaq.train.fit import TrainProgress


@pytest.mark.parametrize("terminal", [False, True])
def test_a_training_is_shown_from_before_its_first_step(capsys, monkeypatch, terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    with shown_training("train ethanol") as show:
        capsys.readouterr()
        show(TrainProgress(1, 3, None))
        show(TrainProgress(3, 3, None))
    plain = Text.from_ansi(capsys.readouterr().err).plain
    assert ("3/3 steps" in plain) == terminal
    assert ("step 3/3" in plain) != terminal
