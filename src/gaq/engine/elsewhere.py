"""An ASE calculator in the interpreter of another environment, since packages pin conflicting versions."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import weakref
from pathlib import Path
from typing import IO, Any

import numpy as np

from gaq.children import foreign_environment
from gaq.engine import _serve
from gaq.errors import NotAvailable

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
LAST_WORDS = 3  # lines of its stderr
PATIENCE = 2.0  # s before a process that was asked to end is killed


class Complaint(Exception):
    """The message of a calculator in another process."""


class Elsewhere:
    """A process that evaluates one calculator, with the methods of ASE's calculators that `AseEngine` calls.

    Its stderr is stored for error messages and not shown. The process ends with this object.
    """

    implemented_properties = ("free_energy", "forces")

    def __init__(self, python: str, spec: str, arguments: str = "{}", threads: int | None = None) -> None:
        """Start `python` and wait until the calculator is built there.

        Raises `NotAvailable` if it is no interpreter or lacks ASE, and `_serve.Trouble` for the calculator.
        `threads` sets OpenMP and BLAS there, unless the environment has set them.
        """
        self._python, self._spec = python, spec
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the process)
        try:
            self._process = _started(python, spec, arguments, threads, self._errors)
        except NotAvailable:
            self._errors.close()
            raise
        self._end = weakref.finalize(self, _end, self._process, self._errors)
        self._energy: float | None = None
        try:
            self._greet()
        except BaseException:
            self.close()
            raise

    def get_property(self, name: str, atoms: Any) -> Any:
        """Return `forces` (eV/Å), computed by the process, or `free_energy` (eV) of the same computation."""
        if name != "forces":
            return self._energy
        question = {
            "numbers": atoms.numbers.tolist(),
            "positions": atoms.positions.tolist(),
            "cell": np.asarray(atoms.cell).tolist(),
            "periodic": atoms.pbc.tolist(),
        }
        answer = self._asked(json.dumps(question))
        if "complaint" in answer:
            raise Complaint(answer["complaint"])
        self._energy = answer["energy"]
        return answer["forces"]

    def close(self) -> None:
        """End the process."""
        self._end()

    def _greet(self) -> None:
        answer = self._answer("while it made the calculator")
        if answer.get("trouble") == "ase":
            raise NotAvailable(
                f"{self._python} has no ASE ({answer['text']}), which runs the calculator. Install it: "
                f"{self._python} -m pip install ase"
            )
        if "trouble" in answer:
            raise _serve.Trouble(answer["trouble"], answer["text"])

    def _asked(self, question: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError, ValueError):  # it has ended; the reason is reported below
            self._process.stdin.write(question + "\n")
            self._process.stdin.flush()
        return self._answer("half way")

    def _answer(self, when: str) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = "" if self._process.stdout.closed else self._process.stdout.readline()
        try:
            answer = json.loads(line) if line.endswith("\n") else None
        except json.JSONDecodeError:
            answer = None
        if isinstance(answer, dict):
            return answer
        if line:
            raise NotAvailable(f"{self._python} does not run Python: it answered {line[:60]!r}. {_WHICH}")
        raise NotAvailable(f"{self._python} with {self._spec} ended {when}: {self._reason()}{self._last_words()}")

    def _reason(self) -> str:
        self._process.wait(PATIENCE)
        code = self._process.returncode
        if code >= 0:
            return f"exit code {code}"
        name = signal.Signals(-code).name
        return f"signal {name}" + (", perhaps for lack of memory" if name == "SIGKILL" else "")

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = [line for line in self._errors.read().decode("utf-8", "replace").splitlines() if line.strip()]
        said = " / ".join(line.strip() for line in lines[-LAST_WORDS:])
        return f". Output: {said}" if said else ", without output"


_WHICH = "Name the interpreter of an environment, such as path/to/environment/bin/python"


def _started(python: str, spec: str, arguments: str, threads: int | None, errors: IO[bytes]) -> subprocess.Popen[str]:
    if Path(python).is_dir():
        raise NotAvailable(f"`python` {python} is a folder. {_WHICH}")
    limits = {name: str(threads) for name in THREADS if threads is not None and name not in os.environ}
    try:
        return subprocess.Popen(
            [python, str(Path(_serve.__file__).resolve()), spec, arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=foreign_environment() | limits,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise NotAvailable(
            f"`python` {python} cannot be started: {(error.strerror or '').lower()}. {_WHICH}"
        ) from error


def _end(process: subprocess.Popen[str], errors: IO[bytes]) -> None:
    try:
        process.communicate(timeout=PATIENCE)  # it ends when its input ends
    except (subprocess.TimeoutExpired, ValueError, OSError):
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None and not stream.closed:
            with contextlib.suppress(OSError):  # the reader of the remaining output is gone
                stream.close()
    errors.close()
