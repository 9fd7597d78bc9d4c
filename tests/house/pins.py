"""The pins of constraints.txt, and the Pythons that they are promised for."""

from __future__ import annotations

import importlib.metadata
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from house.tree import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
PROMISE = SpecifierSet(PROJECT["requires-python"])
# The first of each version, Debian 12's 3.11.2, the one that a pin is divided at, and a late one.
TRIED = [f"3.{minor}.{micro}" for minor in range(9, 20) for micro in (0, 2, 5, 14)]
PYTHONS = [version for version in TRIED if PROMISE.contains(version)]
MINORS = sorted({tuple(Version(version).release[:2]) for version in PYTHONS})


@dataclass(frozen=True)
class Pin:
    """One line of constraints.txt."""

    name: str
    version: str
    requirement: Requirement

    def holds_for(self, python: str) -> bool:
        """Whether the line is meant for this Python."""
        marker = self.requirement.marker
        return marker is None or marker.evaluate(environment(python))


def environment(python: str) -> dict[str, str]:
    """What markers see on a Python of this version, on this machine otherwise."""
    minor = ".".join(python.split(".")[:2])
    return {**default_environment(), "python_full_version": python, "python_version": minor, "extra": ""}


def read_pins(text: str) -> Iterator[Pin]:
    """The pins of a text like constraints.txt."""
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            requirement = Requirement(line)
            (specifier,) = requirement.specifier
            assert specifier.operator == "==", line
            yield Pin(canonicalize_name(requirement.name), specifier.version, requirement)


def pins_of(python: str, pins: list[Pin]) -> dict[str, Pin]:
    """The pins for a Python, by name."""
    return {pin.name: pin for pin in pins if pin.holds_for(python)}


PINS = list(read_pins((REPOSITORY / "constraints.txt").read_text()))


def requirements(*extras: str) -> list[Requirement]:
    """What gaq needs by itself and with extras, those of gaq resolved."""
    found: list[Requirement] = [Requirement(line) for line in PROJECT["dependencies"]]
    waiting, seen = list(extras), set[str]()
    while waiting:
        extra = waiting.pop()
        if extra in seen:
            continue
        seen.add(extra)
        for line in PROJECT["optional-dependencies"][extra]:
            requirement = Requirement(line)
            if canonicalize_name(requirement.name) == "gaq":
                waiting += requirement.extras
            else:
                found.append(requirement)
    return found


def needed(python: str, roots: list[Requirement]) -> dict[str, list[str]]:
    """Every distribution that `roots` lead to, with what asks for it, by the metadata of what is installed here.

    Distributions that are not installed, such as those of another system, end their branch.
    """
    found: dict[str, list[str]] = {}
    waiting = [("gaq", requirement, ("",)) for requirement in roots]
    done = set[tuple[str, tuple[str, ...]]]()
    while waiting:
        asker, requirement, extras = waiting.pop()
        environments = [environment(python) | {"extra": extra} for extra in extras]
        if requirement.marker is not None and not any(map(requirement.marker.evaluate, environments)):
            continue
        name = canonicalize_name(requirement.name)
        found.setdefault(name, []).append(f"{asker}: {requirement}")
        key = (name, tuple(sorted(requirement.extras)))
        if key in done:
            continue
        done.add(key)
        waiting += [(name, requirement_, ("", *requirement.extras)) for requirement_ in _asked_by(name)]
    return found


@cache
def _asked_by(name: str) -> tuple[Requirement, ...]:
    try:
        return tuple(map(Requirement, importlib.metadata.requires(name) or ()))
    except importlib.metadata.PackageNotFoundError:
        return ()
