"""Every Python that gaq promises has a complete set of pins, which exist as wheels and fit each other."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys

import install
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from house.pins import MINORS, PINS, PROJECT, PYTHONS, needed, pins_of, read_pins, requirements
from house.tree import REPOSITORY

ROOTS = [*requirements("demo", "dev"), *(Requirement(name) for name in install.BUILD_TOOLS)]
# Packages that PyTorch brings for graphics cards: gigabytes that a pin would not make smaller.
OF_GRAPHICS_CARDS = re.compile(r"(cuda|nvidia|triton)\b")


def unfit(python: str, pins) -> list[str]:
    """Pins for a Python that the installed distribution of the same version does not run on."""
    found = []
    for name, pin in pins_of(python, pins).items():
        try:
            installed = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        asked = installed.metadata.get("Requires-Python")
        if installed.version.partition("+")[0] == pin.version and asked and not SpecifierSet(asked).contains(python):
            found.append(f"{name} {pin.version} needs Python {asked}")
    return found


def missing(python: str, pins) -> list[str]:
    """What gaq leads to that has no pin, or one that does not satisfy who asks for it."""
    held = pins_of(python, pins)
    found = []
    for name, askers in needed(python, ROOTS).items():
        if name not in held:
            found += [] if OF_GRAPHICS_CARDS.match(name) else [f"no pin: {askers[0]}"]
            continue
        for asker in askers:
            specifier = Requirement(asker.partition(": ")[2]).specifier
            if not specifier.contains(held[name].version, prereleases=True):
                found.append(f"{name} is pinned to {held[name].version}, but {asker}")
    return found


def test_the_promise_is_said_alike_everywhere():
    minors = [f"3.{minor}" for _, minor in MINORS]
    assert minors[0] == "3.11"
    classifiers = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if "Python :: 3." in c]
    assert classifiers == minors
    first, beyond = install.promised()
    assert [f"3.{minor}" for minor in range(first[1], beyond[1])] == minors
    for page in ("README.md", "docs/index.md", "CONTRIBUTING.md"):
        text = " ".join((REPOSITORY / page).read_text().split())
        assert f"Python {minors[0]} to {minors[-1]}" in text, page
    assert "3.11.2" in PYTHONS, "Debian 12"


@pytest.mark.parametrize("python", PYTHONS)
def test_each_package_has_one_pin(python):
    names = [pin.name for pin in PINS if pin.holds_for(python)]
    assert sorted(names) == sorted({pin.name for pin in PINS})


@pytest.mark.parametrize("python", PYTHONS)
def test_each_pin_runs_on_the_python_that_it_is_for(python):
    assert unfit(python, PINS) == []


@pytest.mark.parametrize("python", PYTHONS)
def test_all_that_gaq_leads_to_is_pinned(python):
    assert missing(python, PINS) == []


def test_faults_of_pins_would_be_found():
    """Each in the manner of one that kept a machine from being set up."""
    assert unfit("3.8.0", PINS), "numpy wants a newer one"
    without = [pin for pin in PINS if pin.name not in ("torch", "jinja2")]
    names = {
        re.split(r"[ =<>!~]", line.removeprefix("no pin: ").partition(": ")[2])[0]
        for line in missing("3.12.0", without)
    }
    assert {name.lower() for name in names} == {"torch", "jinja2"}
    old = [*without, *read_pins("torch==2.12.0\njinja2==2.0")]
    faults = "\n".join(missing("3.12.0", old))
    assert "torch is pinned to 2.12.0" in faults
    assert "jinja2 is pinned to 2.0" in faults
    divided = list(read_pins('a==1; python_full_version < "3.11.5"\na==2; python_full_version >= "3.11.5"'))
    assert [pins_of(python, divided)["a"].version for python in ("3.11.2", "3.11.5", "3.13.0")] == ["1", "2", "2"]


def test_what_is_built_from_source_is_named():
    """An exception is one of a development environment, pinned, and without dependencies to compile."""
    pinned = {pin.name for pin in PINS}
    demo = needed(PYTHONS[0], requirements("demo"))
    for name in install.WITHOUT_WHEEL:
        assert name in pinned
        assert name not in demo, "the demo needs no compiler but for gaq"


@pytest.fixture(scope="session")
def new_pip(tmp_path_factory):
    """A pip that asks an index about a version without downloading it, where the index can tell."""
    folder = tmp_path_factory.mktemp("pip")
    command = [sys.executable, "-m", "pip", "install", "-q", "--only-binary=:all:", "--target", str(folder), "pip>=25"]
    tried = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if tried.returncode:
        pytest.skip(f"no package index can be reached: {tried.stderr.strip().splitlines()[-1]}")
    return {"PYTHONPATH": str(folder)}


@pytest.mark.physics
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("python", ["3.11.2", *(f"3.{minor}.0" for _, minor in MINORS[1:])])
def test_each_pin_exists_as_a_wheel(python, new_pip, tmp_path):
    """PyTorch is left out: it is half a gigabyte on an index that has to be asked for whole files."""
    import os

    pins = [f"{pin.name}=={pin.version}" for pin in pins_of(python, PINS).values() if pin.name != "torch"]
    wheels = [pin for pin in pins if pin.partition("==")[0] not in install.WITHOUT_WHEEL]
    options = ["--dry-run", "--ignore-installed", "--no-deps", "--only-binary=:all:", "--python-version", python]

    def dry(names: list[str], report: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pip", "install", *options, "--target", str(tmp_path), "--report", report]
        environment = {**os.environ, **new_pip}
        return subprocess.run([*command, *names], capture_output=True, text=True, env=environment, check=False)

    tried = dry(wheels, str(tmp_path / "report.json"))
    assert tried.returncode == 0, "\n".join(line for line in tried.stderr.splitlines() if line.startswith("ERROR"))
    found = json.loads((tmp_path / "report.json").read_text())["install"]
    assert len(found) == len(wheels)
    for name in install.WITHOUT_WHEEL:
        (pin,) = (pin for pin in pins if pin.startswith(f"{name}=="))
        assert dry([pin], "-").returncode, f"{pin} has a wheel now: take it out of WITHOUT_WHEEL"
