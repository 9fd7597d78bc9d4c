"""Python processes that this one starts: they import from the same folders, and never from the working directory.

`python -m`, `python -c` and an empty part of PYTHONPATH put the working directory on the path, so that a file numpy.py
that lies there by chance would be executed by every process that is started in it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

SAFE = {"PYTHONSAFEPATH": "1"}  # also for the processes that a child starts; Python 3.11 and later


def python_command(*arguments: str) -> list[str]:
    """Return the command that runs this interpreter with a safe path."""
    return [sys.executable, "-P", *arguments]


def environment() -> dict[str, str]:
    """Return the environment of a child: this one's, with the folders this process imports from."""
    return os.environ | SAFE | {"PYTHONPATH": os.pathsep.join(import_path())}


def foreign_environment() -> dict[str, str]:
    """Return the environment for an interpreter of another installation: this one's, without empty parts of
    PYTHONPATH.
    """
    parts = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    rest = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return rest | SAFE | ({"PYTHONPATH": os.pathsep.join(parts)} if parts else {})


def import_path() -> list[str]:
    """Return the folders that this process imports from, without the working directory.

    It stays where it is meant: where the running script lies in it, where gaq does, or where PYTHONPATH names it.
    """
    try:
        here = os.path.realpath(os.getcwd())
    except OSError:  # it has been removed
        return [part for part in sys.path if part]
    if here in _meant():
        return [part or here for part in sys.path]
    return [part for part in sys.path if part and os.path.realpath(part) != here]


@contextlib.contextmanager
def safe_children() -> Iterator[None]:
    """Inside, processes that `multiprocessing` spawns import from `import_path()`: they are given `sys.path`."""
    before, safe = sys.path[:], SAFE | {"PYTHONPATH": os.pathsep.join(import_path())}
    saved = {name: os.environ.get(name) for name in safe}
    sys.path[:] = import_path()
    os.environ.update(safe)
    try:
        yield
    finally:
        sys.path[:] = before
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _meant() -> set[str]:
    parts = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    folders = {os.path.realpath(part) for part in parts if os.path.isabs(part)}
    folders.add(str(Path(__file__).resolve().parents[1]))
    main = sys.modules.get("__main__")
    script = getattr(main, "__file__", None)
    if script is not None and getattr(main, "__spec__", None) is None:  # with `-m` there is a spec
        folders.add(os.path.dirname(os.path.realpath(script)))
    return folders
