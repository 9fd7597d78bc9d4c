"""Continuous integration runs make targets that exist, and the hooks of a commit run the tools of the environment."""

from __future__ import annotations

import re

import pytest

from house.tree import REPOSITORY

yaml = pytest.importorskip("yaml")
TARGETS = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE))
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))


def commands(job: dict) -> list[str]:
    """What the steps of a job run, once for each value of `matrix.target`."""
    texts = [step["run"] for step in job["steps"] if "run" in step]
    targets = job.get("strategy", {}).get("matrix", {}).get("target", [""])
    return [text.replace("${{ matrix.target }}", target) for text in texts for target in targets]


def foreign(command: str) -> bool:
    """Whether a command is anything but a target of the Makefile, with variables at most."""
    words = command.split()
    return words[:1] != ["make"] or words[1] not in TARGETS or any("=" not in word for word in words[2:])


def test_every_step_is_a_make_target():
    assert len(WORKFLOWS) == 2
    jobs = {
        (path.name, name): job for path in WORKFLOWS for name, job in yaml.safe_load(path.read_text())["jobs"].items()
    }
    found = {key: commands(job) for key, job in jobs.items()}
    assert [one for run in found.values() for one in run if foreign(one)] == []
    assert all(found.values())


def test_what_is_run_at_home_is_run_there():
    said = " ".join(path.read_text() for path in WORKFLOWS)
    home = re.findall(r"^(make \S+)", (REPOSITORY / ".ci" / "run").read_text(), flags=re.MULTILINE)
    assert len(home) > 3
    assert [command for command in home if command not in said] == []


@pytest.mark.parametrize(
    "command", ["pip install gaq", "make nothing-of-the-kind", "make test; rm -r x", "make check && ls"]
)
def test_another_command_would_be_found(command):
    assert foreign(command)
    assert not foreign("make wheels ARCHS=native")


def test_all_promised_pythons_are_tested():
    from house.pins import MINORS

    (job,) = (yaml.safe_load(path.read_text())["jobs"]["test"] for path in WORKFLOWS if path.name == "check.yml")
    assert job["strategy"]["matrix"]["python"] == [f"3.{minor}" for _, minor in MINORS]


def test_hooks_run_what_the_environment_has():
    (repo,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"]
    entries = [hook["entry"] for hook in repo["hooks"]]
    assert {hook["language"] for hook in repo["hooks"]} == {"system"}
    assert [entry for entry in entries if not entry.startswith(".venv/bin/ruff ") and foreign(entry)] == []
