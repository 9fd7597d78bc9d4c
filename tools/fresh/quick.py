"""The quick half: gaq without PyTorch, then the README's first command, each in a new folder and with caches off."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from fresh.steps import Steps
from fresh.tree import copy_tree

# Variables that would let this machine's state into the new environment.
FOREIGN = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
MOST_MEGABYTES = 450  # of the environment without PyTorch; ASE and what it asks for are nine tenths of it
LARGEST = 6  # packages that are named


class TooLarge(Exception):
    """An environment that holds more than running a packed model takes."""


def quick(steps: Steps) -> None:
    """Install gaq without PyTorch and compute one energy; then the demo in its short form, and one energy."""
    with tempfile.TemporaryDirectory(prefix="gaq-fresh-") as folder:
        tree = copy_tree(Path(folder) / "gaq")
        elsewhere = Path(folder) / "elsewhere"
        elsewhere.mkdir()
        environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        environment |= {"PIP_NO_CACHE_DIR": "1", "XDG_CACHE_HOME": f"{folder}/cache", "CCACHE_DISABLE": "1"}

        def run(title: str, *command: str, cwd: Path = elsewhere) -> None:
            with steps.step(title):
                subprocess.run(command, cwd=cwd, env=environment, check=True)

        bin_folder, model = tree / ".venv" / "bin", str(tree / "models" / "rmd17-ethanol-mixed-w4a16.gaq")
        one_energy, light = str(tree / "tools" / "one_energy.py"), Path(folder) / "light"
        run("python -m venv", sys.executable, "-m", "venv", str(light))
        run("pip install .", str(light / "bin" / "pip"), "install", "--quiet", "-c", "constraints.txt", ".", cwd=tree)
        run("one energy without PyTorch", str(light / "bin" / "python"), one_energy, model)
        print(expect_light(light), flush=True)
        run("make demo, short", "make", "demo", f"PYTHON={sys.executable}", "DEMO_OPTIONS=--quick", cwd=tree)
        run("one energy", str(bin_folder / "python"), one_energy, model)
        run("gaq doctor", str(bin_folder / "gaq"), "doctor", "--model", model)


def expect_light(environment: Path) -> str:
    """Return the size of an environment and of its largest packages. Raises `TooLarge` for PyTorch, or for its size."""
    total = megabytes(environment)
    (packages,) = environment.glob("lib/python3*/site-packages")
    sizes = sorted(((megabytes(path), path.name) for path in packages.iterdir() if path.is_dir()), reverse=True)
    if any(name == "torch" for _, name in sizes) or total > MOST_MEGABYTES:
        raise TooLarge(
            f"{environment} has {total:.0f} MB: {sizes[:LARGEST]}; expected at most {MOST_MEGABYTES}, no torch"
        )
    parts = ", ".join(f"{name} {size:.0f}" for size, name in sizes[:LARGEST])
    return f"the environment without PyTorch: {total:.0f} MB ({parts})"


def megabytes(folder: Path) -> float:
    """Return the size of the files in a folder, in MB."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_symlink()) / 1e6
