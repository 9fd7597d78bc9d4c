"""Editors and type checkers see the type of every public name."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys

import pytest

import gaq
from house.tree import REPOSITORY

SCRIPT = """\
import typing

import gaq

model = gaq.load("model.gaq")
frames = gaq.read_dataset("embedded")
quantized = gaq.quantize(model, gaq.presets.w8(), calibration=frames)
rows = gaq.measure.symmetry(quantized, frames.structures)
calculator = gaq.Calculator(quantized)
gaq.save(quantized, "a.ckpt")
gaq.export(gaq.train("a.xyz", "runs/a"), "a.gaq")
print(quantized.cutoff, quantized.species, quantized.recipe, quantized.evaluate(frames.structures)[0].energy)
"""
# Without the re-exports of `gaq`, as of a module of unknown names, these would be no mistakes.
WRONG = """\
gaq.lod("a")
gaq.load(3)
anything: typing.Any = 1
"""
MODEL = "gaq.engine.protocol.Model"
# NumPy leaves the shape and the number type of an array open; what is told of gaq leaves nothing open.
OF_NUMPY = re.compile(r"numpy\.\w+\[tuple\[Any, \.\.\.\], numpy\.dtype\[Any\]\]")
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> tuple[dict[str, str], list[str]]:
    """The types that mypy tells, of each public name and of variables, and its errors, with the strictest settings.

    Its cache stays beside that of the package: a first run reads all of PyTorch, a later one takes a second.
    """
    folder = tmp_path_factory.mktemp("script")
    names = [f"gaq.{name}" for name in gaq.__all__ if not inspect.ismodule(getattr(gaq, name)) or name == "train"]
    names += ["model", "frames", "quantized", "rows", "calculator", "gaq.presets.w8", "gaq.errors.BadFile", "anything"]
    text = SCRIPT + WRONG + "".join(f"reveal_type({name})\n" for name in names)
    (folder / "script.py").write_text(text)
    (folder / "mypy.ini").write_text("[mypy]\nstrict = true\n")
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(REPOSITORY / ".mypy_cache" / "script"), "script.py"]
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    types = re.findall(r'Revealed type is "(.*)"', found.stdout)
    assert len(types) == len(names), found.stdout + found.stderr
    return dict(zip(names, types, strict=True)), [line for line in found.stdout.splitlines() if ": error: " in line]


def open_ends(types: dict[str, str]) -> list[str]:
    return [name for name, said in types.items() if re.search(r"\bAny\b", OF_NUMPY.sub("", said))]


def test_no_public_name_is_anything(said):
    types, _ = said
    assert open_ends(types) == ["anything"], "which the script declares so, for this test to be able to fail"


def test_types_are_those_that_a_user_expects(said):
    types, _ = said
    assert types["model"] == types["quantized"] == MODEL
    assert types["rows"] == "list[gaq.measure.ledger.Row]"
    assert types["frames"] == "gaq.data.dataset.Dataset"
    assert types["calculator"] == "gaq.simulate.calculator.Calculator"
    assert types["gaq.__version__"] == "str"
    assert types["gaq.train"].endswith(f"-> {MODEL}")


def test_mistakes_are_found_and_nothing_else_is_one(said):
    _, errors = said
    assert len(errors) == 2, errors
    assert 'Module has no attribute "lod"' in errors[0]
    assert 'Argument 1 to "load" has incompatible type "int"' in errors[1]


def test_names_are_listed_and_each_is_there():
    assert sorted(dir(gaq)) == sorted(gaq.__all__)
    assert [name for name in gaq.__all__ if getattr(gaq, name, None) is None] == []
    assert set(gaq._WHERE) | {"__version__"} == set(gaq.__all__)
    with pytest.raises(AttributeError, match="module 'gaq' has no attribute 'lod'"):
        gaq.lod  # noqa: B018


def test_a_name_whose_package_is_missing_says_which_extra_and_leaves_help_alone():
    code = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "import gaq, inspect\n"
        "assert not hasattr(gaq, 'presets')\n"
        "assert 'load' in dict(inspect.getmembers(gaq))\n"
        "try: gaq.Recipe\n"
        "except gaq.errors.NotAvailable as error: sys.exit('[train]' not in str(error))\n"
        "sys.exit('no error')"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
