"""What `make native` and `make test` build, for tests that need it, which are skipped where it is not there."""

from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path

import pytest

from gaq.engine import _library
from gaq.errors import NotAvailable

REPOSITORY = Path(__file__).resolve().parent.parent


# What inductor needs of a machine, as gaq.model.one_graph.NEEDS says.
compiles = pytest.mark.skipif(
    shutil.which("g++") is None or not Path(sysconfig.get_path("include"), "Python.h").exists(),
    reason="needs g++ and Python's headers, with which PyTorch compiles (Debian: apt-get install g++ python3-dev)",
)


def native_library() -> Path:
    """The installed library."""
    try:
        return _library.find_library()
    except NotAvailable:
        pytest.skip("needs the native engine; `make native` builds it where there is a C++17 compiler")


def contracted_library() -> Path:
    """A build that fuses multiply and add: what is compared with it must differ, or the comparison sees nothing."""
    return _built(REPOSITORY / "build" / "contract" / _library.FILE, "make contracted")


def native_program(name: str) -> Path:
    """A program of native/tests."""
    return _built(REPOSITORY / "build" / "native" / name, "make native")


def _built(path: Path, how: str) -> Path:
    if not path.is_file():
        pytest.skip(f"needs {path.relative_to(REPOSITORY)}; `{how}` builds it where there is a C++17 compiler")
    return path
