"""The plugin, built once, where there are LAMMPS, its MPI and a compiler."""

from __future__ import annotations

from pathlib import Path

import pytest

from built import native_library
from gaq.engine.lammps import build_plugin
from gaq.errors import NotAvailable


@pytest.fixture(scope="session")
def plugin() -> Path:
    """The plugin that `gaq lammps --build` makes."""
    native_library()
    try:
        return build_plugin()[0]
    except NotAvailable as missing:
        pytest.skip(f"needs LAMMPS: {missing}")


@pytest.fixture(scope="session")
def broken_plugin(plugin, tmp_path_factory) -> Path:
    """One whose ghosts have no features: what is compared with it must differ, or the comparison sees nothing."""
    return build_plugin(tmp_path_factory.mktemp("broken"), macros=("GAQ_LAMMPS_BROKEN_ON_PURPOSE",))[0]
