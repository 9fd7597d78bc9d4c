"""How the command ends: exit codes, one line for a user's mistake, a traceback for ours."""

from __future__ import annotations

import errno
import os

import pytest
import typer

from gaq.cli import main
from gaq.errors import BadFile, Diverged, GaqError


@pytest.fixture
def failing(monkeypatch):
    """`failing(error)` gives a command line with one verb, `fail`, that raises it."""

    def replace(error: BaseException) -> None:
        def fail() -> None:
            """Raise what it was given."""
            raise error

        monkeypatch.setattr(main, "VERBS", (main.Verb("fail", fail, ("gaq fail",)),))

    return replace


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (BadFile("a.npz is [empty]."), 2, "BadFile: a.npz is [empty].\n"),
        (Diverged("the loss is NaN."), 1, "Diverged: the loss is NaN.\n"),
        (GaqError("first\n  second " + "long " * 60), 2, "GaqError: first\n  second " + "long " * 60 + "\n"),
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "x"),
            2,
            "BadFile: [Errno 28] No space left on device: 'x'\n",
        ),
        (typer.Exit(1), 1, ""),
        (typer.Exit(130), 130, ""),  # a verb that caught Ctrl-C and said its own word
    ],
)
def test_a_mistake_is_one_line_and_a_code(failing, capsys, error, code, line):
    failing(error)
    assert main.outcome(["fail"]) == code
    assert capsys.readouterr().err == line


def test_ctrl_c_is_one_line_and_130(failing, capsys):
    failing(KeyboardInterrupt())
    assert main.outcome(["fail"]) == 130
    out, err = capsys.readouterr()
    assert err.startswith("Interrupted: ")
    assert err.count("\n") == 1
    assert out == ""


def test_a_reader_that_went_away_is_no_traceback(failing, capsys):
    failing(BrokenPipeError(errno.EPIPE, "Broken pipe"))
    assert main.outcome(["fail"]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_fault_of_our_own_keeps_its_traceback(failing):
    failing(ZeroDivisionError("ours"))
    with pytest.raises(ZeroDivisionError, match="ours"):
        main.outcome(["fail"])


def test_success_is_zero(capsys):
    assert main.outcome([]) == 0
    assert main.outcome(["--version"]) == 0
    assert "gaq 0." in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["no-such-verb"], ["doctor", "--no-such-option"], ["--frobnicate"]])
def test_wrong_usage_is_2(capsys, arguments):
    assert main.outcome(arguments) == 2
    assert "No such" in capsys.readouterr().err


def test_a_verb_with_a_slip_has_a_hint(capsys):
    assert main.outcome(["docter"]) == 2
    assert "doctor" in capsys.readouterr().err


def test_the_command_as_a_user_runs_it(run_gaq):
    alone = run_gaq()
    assert alone.returncode == 0, alone.stderr
    assert "\n   gaq demo\n" in alone.stdout
    assert alone.stderr == ""
    assert run_gaq("no-such-verb").returncode == 2
