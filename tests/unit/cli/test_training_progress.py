"""The bar of a training on a terminal, its lines in a log, and remarks in both."""

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


@pytest.mark.parametrize("terminal", [False, True])
def test_a_remark_is_one_line_with_its_step_and_the_name_of_the_option(capsys, monkeypatch, terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    remark = "warning: [no] graph; without `compile` none is needed. " + "A sentence that is longer than a line. " * 3
    with shown_training("train ethanol") as show:
        show(TrainProgress(1, 3, None))
        show(TrainProgress(2, 3, None, (remark, "another")))
        show(TrainProgress(3, 3, None))
    plain = Text.from_ansi(capsys.readouterr().err).plain
    lines = [line.strip() for line in plain.splitlines()]
    said = remark.replace("`compile`", "--compile").strip()
    assert f"train ethanol: step 2: {said}" in lines
    assert "train ethanol: step 2: another" in lines
    assert not terminal or "3/3 steps" in plain
    assert sum("step 1:" in line or "step 3:" in line for line in lines) == 0
