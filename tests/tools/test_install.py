"""Set-up refuses a wrong Python in words, finds a half-made environment, and shows why pip failed."""

from __future__ import annotations

import re
import sys

import install
import pytest

from built import REPOSITORY

CONFLICT = """\
Collecting pymdown-extensions==13.1.2
  Downloading pymdown-13.1.2.whl (266 kB)
WARNING: Location 'file:///wheels/jinja2/' is ignored: it is neither a file nor a directory.
ERROR: Cannot install a and b==1 because these package versions have conflicting dependencies.

The conflict is caused by:
    a 1.0 depends on b>=2
    The user requested (constraint) b==1

ERROR: ResolutionImpossible: for help visit https://pip.example
"""
NO_NETWORK = """\
WARNING: Retrying (Retry(total=1)) after connection broken by 'first': /simple/torch/
WARNING: Retrying (Retry(total=0)) after connection broken by 'Name or service not known': /simple/torch/
ERROR: Could not find a version that satisfies the requirement torch (from versions: none)
ERROR: No matching distribution found for torch
"""
NO_COMPILER = """\
Building wheels for collected packages: gaq
  error: subprocess-exited-with-error
  × Building editable for gaq did not run successfully.
      CMake Error: gaq: there is no C++ compiler
ERROR: Failed building editable for gaq
"""


def fake_python(tmp_path, output: str, status: int):
    """An environment whose Python prints `output` for whatever it is asked."""
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    (tmp_path / "output").write_text(output)
    python.write_text(f"#!/bin/sh\ncat '{tmp_path}/output'\necho arguments \"$@\"\nexit {status}\n")
    python.chmod(0o755)
    return python


@pytest.mark.parametrize(
    ("output", "shown", "hidden"),
    [
        (CONFLICT, ["a 1.0 depends on b>=2", "constraint) b==1", "ResolutionImpossible"], ["Collecting", "is ignored"]),
        (NO_NETWORK, ["Name or service not known", "No matching distribution"], ["'first'"]),
        (NO_COMPILER, ["there is no C++ compiler", "Failed building"], ["Building wheels"]),
        ("Killed\n", ["Killed"], []),
    ],
)
def test_the_reason_that_pip_gave_is_shown(tmp_path, output, shown, hidden):
    python = fake_python(tmp_path, output, 1)
    with pytest.raises(install.Failed) as error:
        install.pip(python, "installing a", "a")
    text = str(error.value)
    assert [part for part in shown if part not in text] == []
    assert [part for part in hidden if part in text] == []
    assert f"pip could not do it: installing a. Its whole output: {tmp_path}/env/pip.log" in text
    assert (tmp_path / "env" / "pip.log").read_text().startswith(output)


def test_what_it_does_and_long_downloads_are_said(tmp_path, capsys):
    output = "  Downloading a-1.whl (2.0 MB)\n  Downloading torch-2.whl (191.8 MB)\n  Downloading b-1.whl (1.2 GB)\n"
    install.pip(fake_python(tmp_path, output, 0), "installing a", "a")
    assert capsys.readouterr().out.splitlines() == [
        "installing a",
        "  Downloading torch-2.whl (191.8 MB)",
        "  Downloading b-1.whl (1.2 GB)",
    ]


def commands(tmp_path, monkeypatch, contents: str) -> list[str]:
    asked = []
    monkeypatch.setattr(install, "pip", lambda python, title, *arguments: asked.append(" ".join(arguments)))
    install.install(contents, tmp_path / "bin" / "python")
    return asked


def test_the_demo_compiles_nothing_but_gaq(tmp_path, monkeypatch):
    tools, last = commands(tmp_path, monkeypatch, "demo")
    assert tools == "--only-binary=:all: scikit-build-core cmake ninja"
    assert last.startswith("--only-binary=:all: --no-build-isolation")
    assert last.endswith("-e .[demo]")


def test_what_has_no_wheel_is_built_in_isolation_before_the_rest(tmp_path, monkeypatch):
    _, source, last = commands(tmp_path, monkeypatch, "dev")
    assert source == "--no-deps openmmml"
    assert last.startswith("--only-binary=:all: --no-build-isolation")
    assert last.endswith("-e .[demo,dev]")


@pytest.mark.parametrize("version", [(2, 7), (3, 9), (3, 10), (3, 14), (4, 0)])
def test_another_python_is_refused_in_words(version):
    with pytest.raises(install.Failed, match=rf"needs Python 3.11 to 3.13; python9 is {version[0]}.{version[1]}"):
        install.expect_version(version, "python9")


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_a_promised_python_is_taken(version):
    install.expect_version(version, "python")


def test_an_environment_without_pip_is_completed(tmp_path, capsys):
    """As Debian's python3 without python3-venv, or a stopped set-up, leaves it."""
    import subprocess

    folder = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = install.make_environment(folder)
    assert capsys.readouterr().out == f"creating {folder}\n"
    assert subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    assert install.make_environment(folder) == python
    assert capsys.readouterr().out == ""


def test_why_no_environment_can_be_made_is_shown(tmp_path, monkeypatch):
    """Debian's python3 says on its standard output that python3-venv is missing."""
    script = tmp_path / "python3"
    script.write_text("#!/bin/sh\necho 'You need to install the python3-venv package'\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    with pytest.raises(install.Failed, match="install the python3-venv package"):
        install.make_environment(tmp_path / "env")


def test_an_environment_of_another_python_is_refused(tmp_path):
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho 3 9\n")
    python.chmod(0o755)
    with pytest.raises(install.Failed, match="env/bin/python is 3.9.*\n.*make clean"):
        install.make_environment(tmp_path / "env")


def test_the_script_runs_on_an_old_python():
    """What is too old is refused by the script, not by a syntax that it does not know."""
    import ast

    ast.parse((install.ROOT / "tools" / "install.py").read_text(), feature_version=(3, 7))


def rules() -> dict[str, tuple[str, str]]:
    """The prerequisites and the recipe of each target of the Makefile."""
    text = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    found = re.findall(r"^([a-z-]+): *([^#\n]*)[^\n]*\n((?:\t[^\n]*\n)+)", text, re.MULTILINE)
    return {target: (needs, recipe) for target, needs, recipe in found}


def test_a_target_that_runs_a_tool_for_developers_installs_it():
    tools = re.compile(r"-m pytest|/(ruff|mypy|lint-imports|mkdocs)\b")
    users = {target: needs for target, (needs, recipe) in rules().items() if tools.search(recipe)}
    assert {"test", "check", "docs"} <= set(users)
    assert [target for target, needs in users.items() if "$(READY)" not in needs] == []
