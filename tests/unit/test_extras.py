"""Hints name a command that works: an extra that exists, from the folder that gaq was installed from."""

from __future__ import annotations

import json
import re
import shlex
import sys
import tomllib
from typing import get_args

import pytest

from gaq import extras
from gaq.cli.doctor import OPTIONAL
from gaq.errors import NotAvailable
from gaq.extras import how_to_install
from gaq.simulate.hosts import HOSTS
from house.tree import PACKAGE, REPOSITORY, modules

EXTRAS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]
# Distributions that a hint may name by themselves: they go into the environment of another program.
OF_ANOTHER_ENVIRONMENT = {"engine/ase.py", "engine/elsewhere.py"}


class Recorded:
    """A distribution with the given record of where it came from."""

    def __init__(self, record: object) -> None:
        self.text = record if record is None or isinstance(record, str) else json.dumps(record)

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return self.text


def hint(monkeypatch: pytest.MonkeyPatch, record: object) -> str:
    monkeypatch.setattr(extras, "distribution", lambda name: Recorded(record))
    return how_to_install("plots")


@pytest.mark.parametrize("name", ["gaq", "a folder"])
@pytest.mark.parametrize("editable", [True, False])
def test_the_command_names_the_folder_that_gaq_came_from(monkeypatch, tmp_path, name, editable):
    folder = tmp_path / name
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    record = {"url": folder.as_uri(), "dir_info": {"editable": True} if editable else {}}
    command = hint(monkeypatch, record).removeprefix("Install it by: ")
    words = ["-e", ".[plots]"] if editable else [".[plots]"]
    assert shlex.split(command) == ["cd", str(folder), "&&", sys.executable, "-m", "pip", "install", *words]


def test_the_command_names_the_wheel_that_gaq_came_from(monkeypatch, tmp_path):
    wheel = tmp_path / "a folder" / "gaq-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    command = hint(monkeypatch, {"url": wheel.as_uri(), "archive_info": {}}).removeprefix("Install it by: ")
    assert shlex.split(command) == [sys.executable, "-m", "pip", "install", f"{wheel}[plots]"]
    wheel.unlink()
    assert "in the folder of gaq's source" in hint(monkeypatch, {"url": wheel.as_uri(), "archive_info": {}})


def test_an_unknown_extra_is_no_command():
    """pip would install nothing, and say so in a warning alone."""
    with pytest.raises(ValueError, match="gaq has no extra 'trian'; expected one of train, label"):
        how_to_install("trian")


def test_every_extra_that_is_named_exists_and_no_other():
    named = set(get_args(extras.Extra))
    assert named <= set(EXTRAS)
    assert set(EXTRAS) - named == {"demo", "dev", "docs"}, "those that no message names"
    assert set(extras.EXTRA_OF.values()) == named


def test_where_all_of_training_is_missing_pytorch_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert extras.how_to_get("tomli_w").startswith("PyTorch is not installed. It trains")
    assert extras.how_to_get("tblite").startswith("tblite is not installed.")


def test_a_package_of_an_extra_is_known_by_any_of_its_modules():
    assert "PyTorch is not installed. It trains" in extras.how_to_get("torch.nn")
    for module in ("torch", "pydantic_core", "tomli_w"):
        assert ".[train]" in extras.how_to_get(module)
    assert extras.how_to_get("pydantic").startswith("pydantic is not installed.")
    assert extras.how_to_get("rdkit.Chem").startswith("rdkit is not installed. Install it")
    assert extras.how_to_get("numpy") is None


def test_torch_is_expected_without_importing_it(monkeypatch):
    extras.expect_torch()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        NotAvailable, match=r"PyTorch is not installed.*packed models \(.gaq\) run without it.*\[train\]"
    ):
        extras.expect_torch()


@pytest.mark.parametrize(
    "record", [None, "no json", {}, [], {"url": "https://a.example/gaq.whl"}, {"url": "file:///no/such/folder"}]
)
def test_an_unknown_folder_is_described(monkeypatch, record):
    text = hint(monkeypatch, record)
    assert text == f"Install it, in the folder of gaq's source, by: {sys.executable} -m pip install '.[plots]'"


def test_a_package_that_was_never_installed_has_a_hint_too(monkeypatch):
    def absent(name: str) -> Recorded:
        raise extras.PackageNotFoundError(name)

    monkeypatch.setattr(extras, "distribution", absent)
    assert "in the folder of gaq's source" in how_to_install("plots")


def test_every_extra_that_a_hint_names_exists():
    calls = re.compile(r"""how_to_install\(["'](\w+)["']\)""")
    named = {name for path in modules() for name in calls.findall(path.read_text())}
    assert len(named) > 4
    named |= {host.extra for host in HOSTS} | {extra for _, extra, _ in OPTIONAL}
    assert named - set(get_args(extras.Extra)) == set()


def test_no_hint_asks_an_index_for_gaq_or_for_an_unpinned_package():
    """Other hints would fail, or bring versions that gaq does not work with."""
    found = [
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in modules()
        if str(path.relative_to(PACKAGE)) not in {"extras.py", *OF_ANOTHER_ENVIRONMENT}
        for line in path.read_text().splitlines()
        if re.search(r"pip install (?!(-e )?['.])", line) or "'gaq[" in line
    ]
    assert found == []
