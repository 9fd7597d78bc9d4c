"""What stands on the page of the command line, from the command itself: docstrings, options, examples."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

import typer

from gaq.cli.main import application


def command_line() -> str:
    """Every verb, and every verb of a group of verbs, with a section of its own."""
    root = typer.main.get_command(application())
    return "\n\n".join(_section(path, command) for path, command in verbs(root))


def verbs(root: Any) -> Iterator[tuple[str, Any]]:
    """Name as it is typed and command, groups opened, hidden ones left out."""
    for name, command in root.commands.items():
        if command.hidden:
            continue
        below = getattr(command, "commands", None)
        if below is None:
            yield name, command
        else:
            yield from ((f"{name} {inner}", found) for inner, found in below.items())


def _section(path: str, command: Any) -> str:
    arguments = (_argument(p) for p in command.params if p.param_type_name == "argument")
    usage = " ".join(("gaq", path, *arguments, "[OPTIONS]"))
    parts = [f"## gaq {path}", inspect.cleandoc(command.help or ""), f"```text\n{usage}\n```"]
    examples = [line.strip() for line in (command.epilog or "").splitlines() if line.strip().startswith("gaq ")]
    if examples:
        parts.append("```sh\n" + "\n".join(examples) + "\n```")
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    if rows:
        parts.append("\n".join(("| argument or option | what it is | default |", "|---|---|---|", *rows)))
    return "\n\n".join(parts)


def _argument(parameter: Any) -> str:
    name = _metavar(parameter, False) + ("..." if parameter.nargs == -1 else "")
    return name if parameter.required else f"[{name}]"


def _row(parameter: Any) -> str:
    option = parameter.param_type_name == "option"
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts]) if option else ""
    metavar = _metavar(parameter, option)
    shown = " ".join(filter(None, (names, f"`{metavar}`" if metavar else "")))
    text = _plain(parameter.help or "")
    return f"| {shown} | {text} | {_default(parameter)} |"


def _metavar(parameter: Any, option: bool) -> str:
    """What stands for a value; a flag takes none."""
    kind = parameter.type_descriptor.annotation
    if option and kind is bool:
        return ""
    if parameter.metavar:
        return str(parameter.metavar)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "\\|".join(str(choice.value) for choice in kind)
    return {int: "N", float: "X"}.get(kind, "TEXT" if option else parameter.name.upper())


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    if callable(value) or value is None or value is False or value == "" or value == ():
        return ""
    return f"`{getattr(value, 'value', value)}`"


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")
