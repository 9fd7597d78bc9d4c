"""The command `gaq`: its verbs, its output without a verb, and its exit status."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.text import Text

from gaq.children import SAFE
from gaq.cli.bench import bench
from gaq.cli.check import check
from gaq.cli.data import app as data
from gaq.cli.demo import demo
from gaq.cli.doctor import doctor
from gaq.cli.evaluate import evaluate
from gaq.cli.export import export
from gaq.cli.import_ import import_
from gaq.cli.journeys import print_journeys
from gaq.cli.lammps import lammps
from gaq.cli.md import md
from gaq.cli.option_names import options_of, with_options
from gaq.cli.quantize import quantize
from gaq.cli.report import report
from gaq.cli.sensitivity import sensitivity
from gaq.cli.show import show
from gaq.cli.train import train
from gaq.errors import BadFile, GaqError, NotAvailable, OutsideWarning
from gaq.extras import how_to_get

LONGEST_SENTENCE = 2000  # characters


@dataclass(frozen=True)
class Verb:
    """A verb, its function (the docstring is the help), and example commands."""

    name: str
    function: Callable[..., None]
    examples: tuple[str, ...]
    old_names: tuple[str, ...] = ()  # still accepted, not listed


# Modules of verbs import torch inside their functions, so that `gaq --help` is fast.
VERBS = (
    Verb("demo", demo, ("gaq demo", "gaq demo --quick --out runs/quick")),
    Verb(
        "train",
        train,
        (
            "gaq train ethanol.xyz --out runs/a",
            "gaq train ethanol.xyz --epochs 60 --channels 32 --layers 2 --out runs/small",
            "gaq train --init mine.toml --data ethanol.xyz",
            "gaq train configs/rmd17-ethanol-fp32.toml --data ethanol.xyz --out runs/b",
        ),
    ),
    Verb(
        "quantize",
        quantize,
        (
            "gaq quantize runs/a/model.ckpt --data ethanol.xyz --out runs/b",
            "gaq quantize runs/a/model.ckpt --recipe w4a16+gptq+bits=6.2 --data a.xyz",
            "gaq quantize runs/a/model.ckpt --recipe w8 --out runs/w8",
            "gaq quantize --list-recipes",
        ),
    ),
    Verb(
        "evaluate",
        evaluate,
        (
            "gaq evaluate runs/a/model.ckpt runs/b/model.ckpt --data embedded",
            "gaq evaluate model.gaq --data test.xyz --cluster tcp://host:8786",
        ),
    ),
    Verb(
        "sensitivity",
        sensitivity,
        (
            "gaq sensitivity runs/a/model.ckpt --data embedded --plot costs.png",
            "gaq sensitivity runs/b/model.ckpt --data embedded --bound",
        ),
    ),
    Verb(
        "check",
        check,
        (
            "gaq check runs/b/model.ckpt --data embedded",
            "gaq check model.gaq --data test.xyz --plot found.png --json found.jsonl",
            'gaq check tblite.ase:TBLite --args \'{"method": "GFN2-xTB"}\'',
            "gaq check my_model.py:make --python ~/mace/bin/python --structure x.xyz",
        ),
    ),
    Verb(
        "import",
        import_,
        (
            "gaq import painn.safetensors",
            "gaq import painn.safetensors --elements H,C,N,O -o painn.ckpt",
        ),
    ),
    Verb("export", export, ("gaq export runs/b/model.ckpt -o model.gaq --data ethanol.xyz",)),
    Verb(
        "md",
        md,
        (
            "gaq md model.gaq start.xyz --steps 20000 -o nve.xyz",
            "gaq md model.gaq start.xyz --ensemble nvt --steps 20000 -o nvt.traj",
            "gaq md model.gaq start.xyz --steps 40000 -o nve.xyz --resume",
            "gaq md m.gaq a.xyz --steps 9000 --replicas 9 --cluster tcp://a:8786 -o b.xyz",
        ),
    ),
    Verb("lammps", lammps, ("gaq lammps --build", "gaq lammps")),
    Verb("show", show, ("gaq show model.gaq",), old_names=("inspect",)),
    Verb(
        "bench",
        bench,
        (
            "gaq bench runs/a/model.ckpt runs/b/model.ckpt --threads 2",
            "gaq bench model.gaq --no-torch --backward 8 --backward 16",
            "gaq bench --kernels",
        ),
    ),
    Verb("report", report, ("gaq report runs/demo", "gaq report runs/a runs/b nve.xyz bench.jsonl -o page.html")),
    Verb(
        "doctor",
        doctor,
        (
            "gaq doctor",
            "gaq doctor --model model.gaq",
            "gaq doctor --json doctor.jsonl",
        ),
    ),
)
GROUPS: tuple[tuple[str, typer.Typer], ...] = (("data", data),)


def run() -> None:
    """Entry point. Exit status 0: done; 1: a check or a limit failed; 2: wrong usage or bad input."""
    os.environ.update(SAFE)  # also for child processes, such as PyTorch's compiler
    sys.exit(outcome(sys.argv[1:]))


def outcome(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status.

    A user's mistake is one line on stderr, `Name: text`; an unexpected exception is a bug and keeps its traceback.
    """
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            application()(args=list(arguments), prog_name="gaq")
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        if _by_ctrl_c(leaving):
            _say("Interrupted", "files already written are complete; use --resume where a verb has it.")
        return code
    except GaqError as error:
        options = options_of(typer.main.get_command(application()), arguments)
        _say(type(error).__name__, with_options(str(error), options))
        return error.exit_code
    except ModuleNotFoundError as error:
        hint = how_to_get(error.name or "")
        if hint is None:
            raise
        _say(NotAvailable.__name__, hint)
        return NotAvailable.exit_code
    except OSError as error:  # a disk or a path that failed inside a library
        _say(BadFile.__name__, str(error))
        return BadFile.exit_code
    return 0


def application() -> typer.Typer:
    """Return the command line with all verbs."""
    app = typer.Typer(
        name="gaq",
        help="Equivariant force fields: trained, quantized without breaking their physics, and checked.",
        epilog="`gaq` without a verb shows the steps from a molecule to a checked model.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback(invoke_without_command=True)(_alone)
    for verb in VERBS:
        app.command(verb.name, epilog=epilog(verb.examples))(verb.function)
        for old in verb.old_names:
            app.command(old, hidden=True, epilog=epilog(verb.examples))(verb.function)
    for name, group in GROUPS:
        app.add_typer(group, name=name)
    return app


def epilog(examples: Sequence[str]) -> str:
    """Return examples as the last lines of a help page; `\b` keeps their line breaks."""
    return "\n".join(("\b", "Example:" if len(examples) == 1 else "Examples:", *(f"  {line}" for line in examples)))


def _alone(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    if version:
        from gaq.version import __version__

        print(f"gaq {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print_journeys(Console(highlight=False))


def _by_ctrl_c(leaving: SystemExit) -> bool:
    """Return whether typer exits because of Ctrl-C; a verb that caught it has printed its own message."""
    return isinstance(getattr(leaving.__context__, "__cause__", None), KeyboardInterrupt)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print warnings about the user's atoms in one line, like errors; print others as Python does."""
    if issubclass(category, OutsideWarning):
        _say("Warning", str(message))
    else:
        print(warnings.formatwarning(message, category, filename, lineno, line), end="", file=file or sys.stderr)


def _say(name: str, text: str) -> None:
    if len(text) > LONGEST_SENTENCE:
        text = f"{text[:LONGEST_SENTENCE]} … ({len(text) - LONGEST_SENTENCE} more characters)"
    Console(stderr=True, highlight=False).print(
        Text(f"{name}: ", style="bold red").append(text, style="not bold default"), soft_wrap=True
    )
