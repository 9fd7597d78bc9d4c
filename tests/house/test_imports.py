"""The floors hold, and what a packed model needs at run time does not load torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from house.tree import REPOSITORY, module_name, modules

TORCH_FREE = (
    *("gaq.errors", "gaq.units", "gaq.config", "gaq.files", "gaq.atoms.structure", "gaq.atoms.from_ase"),
    *("gaq.pack.format", "gaq.pack.sizes", "gaq.engine.native", "gaq.engine.open"),
    *("gaq.data", "gaq.measure", "gaq.simulate", "gaq.report", "gaq.cli"),
)

IMPORT_ONE_BY_ONE = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    if "torch" in sys.modules:
        sys.exit(f"{name} imports torch")
"""

LINT = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(config_filename=sys.argv[1]))
"""

OUTCOME = """
import sys
from gaq.cli.main import outcome
print(f"code {outcome(sys.argv[1:])}, torch loaded: {'torch' in sys.modules}")
"""

BROKEN_CONTRACT = """
[importlinter]
root_package = gaq
[importlinter:contract:broken]
name = upside down
type = layers
layers =
    gaq.errors
    gaq.files
"""


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=200, check=False)


def torch_free_modules() -> list[str]:
    names = [module_name(path) for path in modules()]
    return [name for name in names if any(name == free or name.startswith(f"{free}.") for free in TORCH_FREE)]


def test_the_floors_hold():
    result = python(LINT, "pyproject.toml")
    assert result.returncode == 0, result.stdout


def test_the_linter_can_fail(tmp_path):
    (tmp_path / "broken.ini").write_text(BROKEN_CONTRACT)
    result = python(LINT, str(tmp_path / "broken.ini"))
    assert result.returncode != 0
    assert "upside down" in result.stdout


def test_modules_for_run_time_do_not_load_torch():
    names = torch_free_modules()
    assert len(names) > 15
    result = python(IMPORT_ONE_BY_ONE, "gaq", *names)
    assert result.returncode == 0, result.stderr


def test_the_test_for_torch_can_fail():
    assert python(IMPORT_ONE_BY_ONE, "gaq.units", "gaq.geometry.vectors").returncode != 0


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--version"], ["data", "--help"]])
def test_help_does_not_load_torch(arguments):
    result = python(OUTCOME, *arguments)
    assert result.stdout.endswith("code 0, torch loaded: False\n"), result.stderr
