"""The quick half: the README's first command in a new folder, with caches off, then gaq from another folder."""

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
ONE_ENERGY = """
import sys
import numpy as np
import gaq
from ase.build import molecule
atoms = molecule("CH3CH2OH")
atoms.calc = gaq.Calculator(sys.argv[1])
energy = atoms.get_potential_energy()
assert np.isfinite(energy), energy
assert "torch" not in sys.modules, "a packed model loaded torch"
print(f"gaq {gaq.__version__}: {energy:.4f} eV")
"""


def quick(steps: Steps) -> None:
    """Make the environment from nothing, run the demo in its short form, import gaq and compute one energy."""
    with tempfile.TemporaryDirectory(prefix="gaq-fresh-") as folder:
        tree = copy_tree(Path(folder) / "gaq")
        elsewhere = Path(folder) / "elsewhere"
        elsewhere.mkdir()
        environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        environment |= {"PIP_NO_CACHE_DIR": "1", "XDG_CACHE_HOME": f"{folder}/cache", "CCACHE_DISABLE": "1"}

        def run(title: str, *command: str, cwd: Path = elsewhere) -> None:
            with steps.step(title):
                subprocess.run(command, cwd=cwd, env=environment, check=True)

        bin_folder, model = tree / ".venv" / "bin", tree / "models" / "rmd17-ethanol-mixed-w4a16.gaq"
        run("make demo, short", "make", "demo", f"PYTHON={sys.executable}", "DEMO_OPTIONS=--quick", cwd=tree)
        run("one energy", str(bin_folder / "python"), "-c", ONE_ENERGY, str(model))
        run("gaq doctor", str(bin_folder / "gaq"), "doctor", "--model", str(model))
