"""Find plotly.js (from PyPI) and 3Dmol.js (from npm, downloaded once into the user's cache).

Neither is part of gaq. Without them a page lists what is missing and how to install it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gaq.cache import cache_folder
from gaq.errors import BadFile, GaqError, NotAvailable
from gaq.extras import how_to_install
from gaq.files import readable_file, writable_folder, write_atomically

VIEWER = "3dmol@2.5.5"
VIEWER_MEMBER = "package/build/3Dmol-min.js"
VIEWER_SHA256 = "f7cc78921ae72e7623e89cdd111434f58c2efddd2ffda1cd212644b406fb8016"
VIEWER_COMMAND = f"npm pack {VIEWER}"
NPM_SECONDS = 90.0
OFFLINE = "GAQ_OFFLINE"  # if set, nothing is downloaded


@dataclass(frozen=True)
class Libraries:
    """JavaScript to inline, and a message for each missing library."""

    plotly: str | None
    viewer: str | None
    missing: tuple[str, ...] = ()


def find_libraries(movies: bool, viewer_file: Path | None = None) -> Libraries:
    """Return the available libraries; the viewer only if there are trajectories."""
    missing: list[str] = []
    plotly = _tried(plotly_code, missing)
    viewer = _tried(lambda: viewer_code(viewer_file), missing) if movies else None
    return Libraries(plotly, viewer, tuple(missing))


def plotly_code() -> str:
    """Return plotly.js of the installed plotly. Raises `NotAvailable`."""
    found = importlib.util.find_spec("plotly")
    folders = list(found.submodule_search_locations or ()) if found is not None else []
    for folder in folders:
        file = Path(folder) / "package_data" / "plotly.min.js"
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise NotAvailable(f"plots need plotly, which is not installed. {how_to_install('report')}")


def viewer_code(file: Path | None = None) -> str:
    """Return 3Dmol.js from a given file, the cache, or npm. Raises `NotAvailable`, `BadFile`."""
    if file is not None:
        return _checked(readable_file(file).read_bytes(), str(file))
    kept = cached_viewer()
    if not kept.is_file():
        _fetch(kept)
    return _checked(kept.read_bytes(), str(kept))


def cached_viewer() -> Path:
    """Return its path in the cache."""
    return cache_folder() / VIEWER.replace("@", "-") / "3Dmol-min.js"


def _fetch(kept: Path) -> None:
    """Has npm fetch the package, and keeps the one file of it, once its hash is right."""
    way = f"Where there is npm: {VIEWER_COMMAND}; then give the file {VIEWER_MEMBER} of it as `viewer`"
    if os.environ.get(OFFLINE):
        raise NotAvailable(f"the 3D viewer needs 3Dmol.js, which is not in the cache, and {OFFLINE} is set. {way}")
    npm = shutil.which("npm")
    if npm is None:
        raise NotAvailable(
            f"the 3D viewer needs 3Dmol.js, which npm downloads, and npm is not installed. Install it: "
            f"apt-get install npm. {way}"
        )
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", VIEWER, "--silent", "--fetch-retries=0", "--pack-destination", folder]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=NPM_SECONDS)
            (archive,) = Path(folder).glob("*.tgz")
            with tarfile.open(archive) as content:
                member = content.extractfile(VIEWER_MEMBER)
                code = b"" if member is None else member.read()
        except (OSError, ValueError, KeyError, subprocess.SubprocessError, tarfile.TarError) as error:
            reason = type(error).__name__
            raise NotAvailable(f"npm could not fetch 3Dmol.js for the 3D viewer ({reason}). {way}") from error
    _checked(code, VIEWER)
    writable_folder(kept.parent)
    write_atomically(kept, lambda temporary: temporary.write_bytes(code))


def _checked(code: bytes, where: str) -> str:
    found = hashlib.sha256(code).hexdigest()
    if found != VIEWER_SHA256:
        raise BadFile(
            f"{where} is not 3Dmol-min.js of {VIEWER}: SHA-256 {found[:12]}…, expected {VIEWER_SHA256[:12]}…. "
            f"Remove it and fetch it again: {VIEWER_COMMAND}"
        )
    return code.decode("utf-8")


def _tried(find: Callable[[], str], missing: list[str]) -> str | None:
    try:
        return find()
    except GaqError as error:
        missing.append(str(error))
        return None
