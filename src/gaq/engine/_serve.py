"""An ASE calculator by name, and its answers: in this process, or as a program in the environment it is installed in.

    PATH/TO/ENVIRONMENT/bin/python _serve.py module:Class '{"argument": "value"}'

As a program this file needs Python 3.8, NumPy and ASE, but not gaq. It reads a structure per line of its input and
writes energy and forces per line of its output, as JSON with all digits.
"""

from __future__ import annotations

import sys

if __name__ == "__main__" and not getattr(sys.flags, "safe_path", False):
    sys.path.pop(0)  # the folder of this file, whose ase.py is not ASE

import importlib
import importlib.util
import json
import os
from pathlib import Path
from typing import Any


class Trouble(Exception):
    """There is no calculator; `kind` is one of form, missing, name, build."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def calculator_from(spec: str, keywords: dict[str, Any]) -> Any:
    """Return what `module:name` or `folder/file.py:name`, a class or a function, returns for these arguments.

    Raises `Trouble`.
    """
    place, colon, name = spec.rpartition(":")
    if not (colon and place and name.isidentifier()):
        raise Trouble("form", f"{spec!r} is not of the form module:Class or file.py:function")
    module = _file(Path(place)) if place.endswith(".py") else _module(place)
    build = getattr(module, name, None)
    if not callable(build):
        known = [other for other, thing in vars(module).items() if callable(thing) and not other.startswith("_")]
        raise Trouble("name", json.dumps([place, name, known]))
    try:
        calculator = build(**keywords)
    except (Exception, SystemExit) as error:  # third-party constructors may raise anything
        raise Trouble("build", f"{type(error).__name__}: {error}") from error
    if not hasattr(calculator, "get_property"):
        raise Trouble("build", f"it returned {type(calculator).__name__}, which is not an ASE calculator")
    return calculator


def ask(calculator: Any, atoms: Any) -> tuple[Any, Any]:
    """Return energy (eV) and forces (eV/Å) of the calculator, computed from scratch.

    The energy is the force-consistent one if available: the forces are its slope.
    """
    known = getattr(calculator, "implemented_properties", ())
    try:
        if hasattr(calculator, "reset"):
            calculator.reset()
        forces = calculator.get_property("forces", atoms)
        return calculator.get_property("free_energy" if "free_energy" in known else "energy", atoms), forces
    except SystemExit as error:  # a calculator must not end the process
        raise RuntimeError(f"it tried to exit the program ({error})") from error


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Trouble("missing", str(error)) from error
    except Exception as error:  # importing a module may raise anything
        raise Trouble("build", f"{type(error).__name__} on import: {error}") from error


def _file(path: Path) -> Any:
    if not path.is_file():
        raise Trouble("missing", f"there is no file {path}")
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # as for a script: it may import modules of its folder
    name = f"calculator_{path.stem}"  # a file called mace.py must not hide mace
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise Trouble("missing", f"{path} is not a Python file")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    try:
        found.loader.exec_module(module)
    except ImportError as error:
        raise Trouble("missing", str(error)) from error
    except Exception as error:
        raise Trouble("build", f"{type(error).__name__} on import: {error}") from error
    return module


def _serve(spec: str, arguments: str) -> None:
    # Requests and answers have their own file descriptors; other output of libraries goes to stderr, their input is
    # empty.
    questions, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)

    def say(answer: object) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    try:
        import numpy as np
        from ase import Atoms

        calculator = calculator_from(spec, json.loads(arguments))
    except ImportError as error:
        return say({"trouble": "ase", "text": str(error)})
    except Trouble as trouble:
        return say({"trouble": trouble.kind, "text": str(trouble)})
    say({"ready": True})
    for line in questions:
        asked = json.loads(line)
        atoms = Atoms(asked["numbers"], asked["positions"], cell=asked["cell"], pbc=asked["periodic"])
        try:
            energy, forces = ask(calculator, atoms)
            say(
                {
                    "energy": None if energy is None else float(np.asarray(energy).item()),
                    "forces": None if forces is None else np.asarray(forces, dtype=np.float64).tolist(),
                }
            )
        except Exception as error:  # third-party calculators may raise anything
            say({"complaint": f"{type(error).__name__}: {error}"})
    return None


if __name__ == "__main__":
    _serve(*sys.argv[1:3])
