"""`gaq check` as a user types it: on calculators of ASE, which need no training before."""

from __future__ import annotations

import json

import pytest

EMT = "ase.calculators.emt:EMT"
FEW = ("--limit", "2", "--rotations", "2")


def test_a_sound_calculator_passes(run_gaq, tmp_path):
    result = run_gaq("check", EMT, *FEW, "--json", "rows.jsonl")
    assert result.returncode == 0, result.stderr
    assert "all 17 checks within their limits" in result.stdout
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert all({"metric", "value", "unit", "model", "recipe", "engine", "data", "n"} <= set(row) for row in rows)
    judged = {row["metric"]: row for row in rows if "passed" in row}
    assert judged["lee_max"]["passed"] is True
    assert judged["lee_max"]["limit"] == 1.0
    assert {row["engine"] for row in rows} == {"ase"}


def test_a_limit_that_is_passed_ends_with_one_and_names_the_check(run_gaq):
    result = run_gaq("check", EMT, *FEW, "--max-lee", "0")
    assert result.returncode == 1
    assert "FAILS" in result.stdout
    assert "1 of 17 checks past their limit: turned: largest force error" in result.stdout


def test_it_checks_what_a_file_holds(run_gaq, tmp_path):
    from ase.build import bulk
    from ase.io import write

    write(tmp_path / "copper.xyz", bulk("Cu", cubic=True))
    result = run_gaq("check", "--calculator", EMT, "--structure", "copper.xyz", "--limit", "1", "--rotations", "2")
    assert "copper.xyz" in result.stdout
    assert result.returncode in (0, 1)
    assert "net torque" not in result.stdout  # a box has none


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "UsageError: name one thing to check"),
        ((EMT, "--calculator", EMT), "UsageError: name one thing to check"),
        (("none.ckpt",), "BadFile: there is no file none.ckpt"),
        (("nowhere:Thing",), "NotAvailable: nowhere:Thing needs the module"),
        ((EMT, "--args", "{"), "UsageError: --args is not JSON"),
        ((EMT, "--data", "none.xyz"), "BadFile: there is no file none.xyz"),
        (
            (EMT, "--data", "a.xyz", "--structure", "b.xyz"),
            "UsageError: --data and --structure were both given",
        ),
        ((EMT, "--max-lee", "-1"), "Invalid value for '--max-lee'"),
        ((EMT, "--json", "/dev/null/rows.jsonl"), "BadFile: /dev/null is a file; a folder for the output"),
    ],
)
def test_mistakes_are_told_and_end_with_two(run_gaq, arguments, text):
    result = run_gaq("check", *arguments)
    assert result.returncode == 2
    assert text in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_arguments_belong_to_a_calculator(run_gaq, tmp_path):
    (tmp_path / "model.ckpt").write_bytes(b"x")
    result = run_gaq("check", "model.ckpt", "--args", '{"a": 1}')
    assert result.returncode == 2
    assert "--args belongs to a calculator" in result.stderr
