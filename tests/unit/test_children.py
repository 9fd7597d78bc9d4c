"""No process that gaq starts executes a file of the working directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from built import native_library
from gaq.children import environment, foreign_environment, import_path, python_command, safe_children

TESTS = Path(__file__).resolve().parents[1]
# Of the standard library, of what we depend on, and ours: each would be imported by some child.
TRAPS = (
    "numpy",
    "ase",
    "pickle",
    "socket",
    "signal",
    "json",
    "runpy",
    "multiprocessing",
    "gaq",
    "torch",
    "farm_jobs_2",
)
TRAP = (
    'open("EXECUTED", "a").write(__name__ + " ")\nraise ImportError("a file of the working directory was imported")\n'
)


@pytest.fixture
def trapped(tmp_path, monkeypatch) -> Path:
    """The working directory, with a file of every name that somebody might import."""
    for name in TRAPS:
        (tmp_path / f"{name}.py").write_text(TRAP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def program(folder: Path, text: str) -> Path:
    script = folder / "elsewhere" / "program.py"
    script.parent.mkdir()
    script.write_text(text)
    return script


FARM = """
import sys
import farm_jobs
from gaq.farm.local import LocalFarm
from gaq.farm.protocol import collect
if __name__ == "__main__":
    sys.path.insert(0, "")  # as in an interactive session
    with LocalFarm(1) as farm:
        print(collect(farm, farm_jobs.multiply, 2, [1]))
"""
WORKERS = """
import sys
from dataclasses import dataclass
from gaq.demo.workers import JobDone, Workers
@dataclass
class Job:
    name: str = "job"
    def run(self, tell):
        import numpy
        return f"numpy {numpy.__version__}"
if __name__ == "__main__":
    sys.path.insert(0, "")
    with Workers(1) as workers:
        workers.run([Job()], lambda news: isinstance(news, JobDone) and print(news.summary))
"""
FRESH = """
import sys
from pathlib import Path
from ase.build import molecule
from gaq.atoms.from_ase import from_ase
from gaq.cli.fresh_start import fresh_start
print(fresh_start("native", Path(sys.argv[1]), from_ase(molecule("CH3CH2OH"))))
"""
ELSEWHERE = """
import sys
from gaq.engine.elsewhere import Elsewhere
Elsewhere(sys.executable, "ase.calculators.lj:LennardJones").close()
print("built")
"""


@pytest.mark.parametrize(
    ("text", "said"), [(FARM, "[2]"), (WORKERS, "numpy "), (FRESH, "Start("), (ELSEWHERE, "built")],
    ids=["farm", "workers", "fresh start", "elsewhere"],
)  # fmt: skip
@pytest.mark.parametrize("python_path", ["", ":", "own"])
def test_children_do_not_import_from_the_working_directory(trapped, tmp_path, text, said, python_path):
    """With nothing, an empty part, or a folder of the user's in PYTHONPATH. The program itself is run with `-P`."""
    if text is FRESH:
        native_library()
    model = TESTS.parent / "models" / "rmd17-ethanol-mixed-w4a16.gaq"
    parts = {"": f"{TESTS}", ":": f":{TESTS}:", "own": f"{TESTS}{os.pathsep}{tmp_path / 'elsewhere'}"}[python_path]
    # An empty part would trap the program itself too: it begins without one.
    script = program(tmp_path, f"import os\nos.environ['PYTHONPATH'] = {parts!r}\n{text}")
    done = subprocess.run(
        [sys.executable, "-P", str(script), str(model)],
        env=os.environ | {"PYTHONPATH": str(TESTS)}, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert not (trapped / "EXECUTED").exists(), (trapped / "EXECUTED").read_text()


@pytest.mark.parametrize("start", [["-m", "gaq"], ["-P", "-m", "gaq"]])
def test_the_command_itself_does_not(trapped, start):
    (trapped / "runpy.py").unlink()  # those that Python imports before it reaches us are not ours to guard
    (trapped / "gaq.py").unlink()
    done = subprocess.run([sys.executable, *start, "doctor"], capture_output=True, text=True, check=False)
    assert "numpy" in done.stdout, done.stderr
    assert not (trapped / "EXECUTED").exists(), (trapped / "EXECUTED").read_text()


def test_the_trap_works(trapped):
    """The control: a child without the safe path falls into it."""
    code = [sys.executable, "-m", "gaq.farm.worker"]
    subprocess.run(code, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (trapped / "EXECUTED").exists()
    (trapped / "EXECUTED").unlink()
    subprocess.run(python_command("-m", "gaq.farm.worker"), stdin=subprocess.DEVNULL, env=environment(), check=True)
    assert not (trapped / "EXECUTED").exists()


def test_the_working_directory_stays_where_it_is_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), *sys.path])
    monkeypatch.setenv("PYTHONPATH", "")
    assert str(tmp_path) not in import_path()
    assert "" not in import_path()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))  # the user says so
    assert str(tmp_path) in import_path()


def test_of_a_script_that_lies_there_it_stays(tmp_path):
    (tmp_path / "script.py").write_text("from gaq.children import import_path; print(import_path())")
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert str(tmp_path) in done.stdout


def test_a_working_directory_that_is_gone(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert import_path() == [part for part in sys.path if part]


def test_another_interpreter_keeps_the_users_path_without_its_empty_parts(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "/a", "", "/b"]))
    assert foreign_environment()["PYTHONPATH"] == os.pathsep.join(["/a", "/b"])
    monkeypatch.setenv("PYTHONPATH", "")
    assert "PYTHONPATH" not in foreign_environment()


def test_the_path_is_put_back(monkeypatch):
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    with safe_children():
        assert "" not in sys.path
        assert os.environ["PYTHONSAFEPATH"] == "1"
    assert sys.path[0] == ""
    assert "PYTHONSAFEPATH" not in os.environ
