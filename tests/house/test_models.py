"""The shipped models are few, and the figures in their headers are those of the tables."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from gaq.measure.ledger import Row, read_rows
from gaq.pack.format import read_packed
from gaq.report.numbers import with_spread
from house.tree import REPOSITORY

MODELS = REPOSITORY / "models"
FILES = sorted(path for path in MODELS.iterdir() if path.suffix in (".gaq", ".ckpt"))
PACKED = [path for path in FILES if path.suffix == ".gaq"]
MOST_FILES = 12
ERRORS = ("energy_mae", "force_mae")
MEASURED = {*ERRORS, "force_fidelity", "lee_mean", "lee_max", "pairs_exact", "net_torque", "path_work"}


def table(page: Path) -> dict[str, list[str]]:
    """The cells of every row of every table of a page, by the first one."""
    rows = [line.strip("| \n").split(" | ") for line in page.read_text(encoding="utf-8").splitlines() if "|" in line]
    return {cells[0]: cells[1:] for cells in rows}


def in_words(held: Sequence[Mapping[str, Any]]) -> list[str]:
    """The errors of a header as tables write them."""
    rows = {row["metric"]: row for row in held}
    return [with_spread(rows[name]["value"], rows[name].get("std_error")) for name in ERRORS]


def disagreeing(held: Sequence[Mapping[str, Any]], ledger: Sequence[Row], model: str) -> set[str]:
    """Metrics of which a header and the ledger have different values or that only one of them has."""
    found = {row["metric"]: row["value"] for row in held}
    rows = {row.metric: row.value for row in ledger if row.model == model and row.unit not in ("bytes", "bits")}
    return {metric for metric in {*found, *rows} if found.get(metric) != rows.get(metric)}


def test_there_are_few_and_each_is_packed():
    assert len(FILES) <= MOST_FILES
    assert {path.stem for path in FILES} == {path.stem for path in PACKED}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_table_has_the_figures_of_the_headers(path):
    kilobytes, digest, *errors = table(MODELS / "README.md")[path.name]
    content = path.read_bytes()
    assert digest == hashlib.sha256(content).hexdigest()[:16]
    assert int(kilobytes) == round(len(content) / 1000)
    assert errors == in_words(read_packed(path.with_suffix(".gaq")).accuracy)


@pytest.mark.parametrize("path", [p for p in PACKED if p.stem.startswith("rmd17-")], ids=lambda path: path.name)
def test_headers_have_the_figures_of_the_ledger(path):
    held = read_packed(path).accuracy
    assert {row["metric"] for row in held} >= MEASURED
    ledger = read_rows(REPOSITORY / "docs" / "ledger" / f"rmd17-{path.stem.split('-')[1]}.jsonl")
    model = path.with_suffix(".ckpt").name
    assert disagreeing(held, ledger, model) == set()
    changed = [dict(row, value=row["value"] * 1.01) if row["metric"] == "force_mae" else row for row in held]
    assert disagreeing(changed, ledger, model) == {"force_mae"}
    assert disagreeing(held[1:], ledger, model) == {held[0]["metric"]}


def test_the_readme_has_the_figures_of_the_float_model():
    _, force = in_words(read_packed(MODELS / "rmd17-azobenzene-fp32.gaq").accuracy)
    assert force in table(REPOSITORY / "README.md")["float: `fp32`"]


@pytest.mark.parametrize("path", [path for path in FILES if path not in PACKED], ids=lambda path: path.name)
def test_packed_files_are_those_of_the_checkpoints(path):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path = path.with_suffix(".gaq")
    assert read_packed(path).manifest["export"]["checkpoint_sha256"] == digest
