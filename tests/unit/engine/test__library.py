"""The Python side of the C interface says what the header says, and refuses a library that says something else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import gaq.engine
from built import REPOSITORY, native_library
from gaq.engine import _library
from gaq.engine._library import find_library, load_library
from gaq.engine._moving import KINDS
from gaq.engine.motion import REBUILD_STEPS
from gaq.errors import NotAvailable

INCLUDE = REPOSITORY / "native" / "include"
HEADER = "".join((INCLUDE / name).read_text(encoding="utf-8") for name in ("gaq.h", "gaq_debug.h"))
TEXT = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.DOTALL)


def declared() -> dict[str, int]:
    """Functions of the header and how many arguments each takes."""
    found = re.findall(r"GAQ_API [\w\s*]+?(gaq_\w+)\(([^)]*)\);", TEXT)
    return {name: 0 if arguments == "void" else arguments.count(",") + 1 for name, arguments in found}


def members(struct: str) -> list[str]:
    """Names in a struct of the header, in order."""
    body = re.search(rf"typedef struct \{{([^}}]*)\}} {struct};", TEXT)
    assert body is not None
    pointers = re.findall(r"\(\*(\w+)\)\(", body[1])
    plain = re.sub(r"[^;]*\(\*(\w+)\)\([^;]*\)", r"void \1", body[1])
    names = [re.sub(r"\[\d+\]", "", word).strip(" *\n") for line in plain.split(";") for word in line.split(",")]
    found = [name.split()[-1].lstrip("*") for name in names if name]
    assert set(pointers) <= set(found)
    return found


def test_every_function_of_the_header_has_its_signature():
    assert len(declared()) > 10
    assert declared() == {name: len(arguments) for name, (_, arguments) in _library.SIGNATURES.items()}


def test_numbers_of_the_header():
    assert re.search(r"#define GAQ_ABI (\d+)", HEADER)[1] == str(_library.ABI)
    assert re.search(r"#define GAQ_REBUILD_STEPS (\d+)", HEADER)[1] == str(REBUILD_STEPS)
    values = numbers("gaq_status")
    assert len(values) == 10
    assert all(getattr(_library, name) == value for name, value in values.items())
    assert numbers("gaq_thermostat") == {"NVE": 0} | {name.upper(): value for name, value in KINDS.items()}


def numbers(enum: str) -> dict[str, int]:
    """The names of an enum of the header, without GAQ_, and their values."""
    block = re.search(rf"enum {enum} \{{(.*?)\}};", HEADER, re.DOTALL)[1]
    return {name: int(value) for name, value in re.findall(r"GAQ_([A-Z_]+) = (\d+)", block)}


@pytest.mark.parametrize(
    ("struct", "ours"),
    [
        ("gaq_options", [name for name, _ in _library.Options._fields_]),
        ("gaq_system", list(_library.SYSTEM.names)),
        ("gaq_result", list(_library.RESULT.names)),
        ("gaq_exchange", [name for name, _ in _library.Exchange._fields_]),
        ("gaq_info", [name for name, _ in _library.Info._fields_]),
        ("gaq_dynamics", [name for name, _ in _library.CDynamics._fields_]),
        ("gaq_motion", [name for name, _ in _library.CMotion._fields_]),
    ],
)
def test_members_have_the_order_of_the_header(struct, ours):
    assert members(struct) == ours


def test_the_order_of_members_is_read():
    assert members("gaq_system")[:2] == ["atoms", "species"]
    assert members("gaq_exchange") == ["context", "forward", "backward"]


def test_the_library_is_found_and_fits():
    path = native_library()
    assert path.name == _library.FILE
    library = load_library()
    assert library.gaq_version().decode() == gaq.__version__
    assert load_library() is library


def test_another_interface_is_refused(monkeypatch):
    path = native_library()
    monkeypatch.setattr(_library, "ABI", _library.ABI + 1)
    with pytest.raises(NotAvailable, match=r"has interface \d+, this package needs"):
        load_library.__wrapped__(path)


def test_a_struct_of_another_size_is_refused(monkeypatch):
    path = native_library()
    sizes = tuple((name, size + (name == "gaq_system")) for name, size in _library.SIZES)
    monkeypatch.setattr(_library, "SIZES", sizes)
    with pytest.raises(NotAvailable, match="gaq_system has 48 bytes, this package's 49"):
        load_library.__wrapped__(path)


def test_a_library_that_is_not_there_comes_with_the_way_to_it(monkeypatch, tmp_path):
    monkeypatch.setattr(gaq.engine, "__path__", [str(tmp_path)])
    with pytest.raises(NotAvailable, match=r"not part of this installation.*C\+\+17 compiler.*pip install"):
        find_library()
    with pytest.raises(NotAvailable, match="not part of this installation"):
        load_library.__wrapped__()
    (tmp_path / _library.FILE).write_bytes(b"")
    assert find_library() == tmp_path / _library.FILE


@pytest.mark.parametrize("content", [b"", b"no library"])
def test_a_file_that_is_no_library_is_told(tmp_path, content):
    (tmp_path / "libgaq.so").write_bytes(content)
    with pytest.raises(NotAvailable, match="cannot be used as gaq's native engine"):
        load_library(tmp_path / "libgaq.so")


def test_a_library_of_somebody_else_is_told():
    import ctypes.util

    other = ctypes.util.find_library("m")
    if other is None:
        pytest.skip("needs the C library for mathematics")
    with pytest.raises(NotAvailable, match="cannot be used as gaq's native engine"):
        load_library(Path(other))


def test_looking_for_it_imports_neither_torch_nor_anything_slow():
    slow = "{'torch', 'pydantic', 'rich', 'typer', 'scipy', 'safetensors'}"
    code = f"import sys, gaq.engine.native; sys.exit(bool({slow} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
