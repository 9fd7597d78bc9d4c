"""Tables say what the rows say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from gaq.measure.ledger import Row
from gaq.measure.limits import STABLE_STEPS
from gaq.report.numbers import significant, with_spread
from gaq.report.tables import (
    comparison,
    comparison_table,
    findings_table,
    print_table,
    reasons,
)


def rows_of(model: str, recipe: str, **values: float) -> list[Row]:
    return [Row(metric, value, "u", model, recipe, "torch", "d", 10) for metric, value in values.items()]


GOOD = {"lee_mean": 0.003, "lee_max": 0.05, "path_work": 1e-4, "net_torque": 0.01, "drift": 0.001}


def fit(**values: float) -> list[Row]:
    """Rows of a model that is fit for NVE, some of them replaced."""
    held = Row("stability", STABLE_STEPS, "steps", "a.ckpt", "r", "torch", "d", 10, passed=True)
    return [*rows_of("a.ckpt", "r", **(GOOD | {"force_mae": 6.4} | values)), held]


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (6.4412, 0.0321, "6.44 ± 0.03"),
        (6.4412, 0.0121, "6.441 ± 0.012"),
        (123.4, 5.0, "123 ± 5"),
        (123.4, 12.0, "123 ± 12"),
        (2.1e-13, 3e-15, "2.1e-13 ± 3e-15"),
        (0.000123, 0.5, "0.0 ± 0.5"),
        (12.345, None, "12.3"),
        (0.0, None, "0"),
        (0.0312, None, "0.0312"),
        (1.5e-7, None, "1.5e-7"),
        (4.2e7, None, "4.2e7"),
        (float("nan"), 0.1, "not finite"),
        (5.0, float("inf"), "5.00"),
        (5.0, 0.0, "5.00"),
    ],
)
def test_numbers_have_the_digits_that_their_spread_allows(value, error, text):
    assert with_spread(value, error) == text


def test_significant_digits():
    assert significant(1234.5) == "1234"
    assert significant(0.00123456, 2) == "0.0012"


def test_the_comparison_has_a_line_per_model_in_the_order_of_the_rows():
    rows = rows_of("a", "fp32", force_mae=6.4, **GOOD) + rows_of("b", "w4", force_mae=9.6, bits_per_weight=4.2)
    headings, lines = comparison(rows)
    assert headings[0] == "recipe"
    assert "ms/step" not in headings
    assert [line[0] for line in lines] == ["fp32", "w4"]
    first, second = (dict(zip(headings, line, strict=True)) for line in lines)
    assert first["F MAE meV/Å"] == "6.40"
    assert first["bits/weight"] == "–"
    assert second["bits/weight"] == "4.20"
    assert first["LEE mean / max meV/Å"] == "0.00300 / 0.050"
    assert first["verdict"] == "stability not measured"
    assert second["verdict"] == "symmetry, conservation, stability not measured"


def test_a_test_set_without_labels_of_a_kind_says_so():
    headings, lines = comparison(rows_of("a", "r", energy_mae=3.0) + rows_of("b", "s", energy_mae=3.0, force_mae=9.0))
    cells = [dict(zip(headings, line, strict=True)) for line in lines]
    assert [c["F MAE meV/Å"] for c in cells] == ["no labels", "9.00"]
    none = replace(rows_of("a", "r", force_mae=float("nan"))[0], n=0)
    headings, lines = comparison([*rows_of("a", "r", energy_mae=3.0), none])
    assert dict(zip(headings, lines[0], strict=True))["F MAE meV/Å"] == "no labels"


def test_models_of_one_recipe_are_told_apart_by_their_file():
    headings, lines = comparison(rows_of("a", "fp32", force_mae=1.0) + rows_of("b", "fp32", force_mae=2.0))
    assert headings[:2] == ["model", "recipe"]
    assert [line[0] for line in lines] == ["a", "b"]


def test_reference_rows_are_not_a_model():
    floor = replace(rows_of("p", "fp32", lee_mean=0.003)[0], control="fp32-floor")
    _, lines = comparison([*rows_of("b", "w4", force_mae=9.6), floor])
    assert len(lines) == 1


def test_the_terminal_has_every_cell():
    rows = fit()
    console = Console(width=200)
    with console.capture() as captured:
        console.print(comparison_table(rows, "title"))
    for cell in comparison(rows)[1][0]:
        assert all(part in captured.get() for part in cell.split(" / "))


WIDE = GOOD | {"force_mae": 15.7, "energy_mae": 26.7, "force_fidelity": 12.3, "bits_per_weight": 4.25}


@pytest.mark.parametrize("width", [80, 40])
def test_no_number_is_cut_and_ninety_characters_are_enough(width):
    rows = [replace(r, std_error=r.value / 9) for r in rows_of("a", "frame-w4a8", **WIDE, file_bytes=979e3)]
    console = Console(width=width)
    with console.capture() as captured:
        print_table(comparison_table(rows), console)
    text = captured.get()
    assert all(number in text for number in ("15.7", "± 1.7", "27", "4.2", "979", "0.0030", "frame-w4a8"))
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 90


def test_reasons_name_the_measurement():
    assert reasons(fit(path_work=1.7)) == ["a.ckpt (r): thermostat only because of path_work 1.70 u"]
    assert reasons(fit()) == []


def test_reasons_name_what_was_not_measured():
    rows = [r for r in fit(path_work=1.7) if r.metric != "force_mae"]
    (line,) = reasons([replace(r, value=400.0) if r.metric == "stability" else r for r in rows])
    assert line == (
        "a.ckpt (r): no verdict: accuracy, stability not measured (a run held for 400 steps; the verdict asks for "
        "2,000); not fit for NVE because of path_work 1.70 u"
    )


def test_a_run_that_broke_is_told_by_its_step():
    rows = [replace(r, value=200.0, passed=False) if r.metric == "stability" else r for r in fit()]
    assert reasons(rows) == ["a.ckpt (r): not for MD because of a run that broke at step 200"]


def test_findings_show_limits_and_verdicts():
    good, bad = rows_of("m", "r", lee_max=0.1, path_work=3.0)
    rows = [replace(good, limit=1.0, passed=True), replace(bad, limit=0.02, passed=False)]
    console = Console(width=120)
    with console.capture() as captured:
        console.print(findings_table([*rows, *rows_of("m", "r", lee_mean=0.1)]))
    lines = captured.get().splitlines()
    assert any("rotated: largest force" in line and "≤ 1" in line and "ok" in line for line in lines)
    assert any("work on closed paths" in line and "FAILS" in line for line in lines)
    assert not any("lee_mean" in line for line in lines)


def test_a_model_that_was_measured_on_two_data_sets_has_a_line_and_a_verdict_for_each():
    run = Row("stability", 9.0, "steps", "a.ckpt", "r", "torch", "start", 10, passed=False)
    size = Row("file_bytes", 4000.0, "bytes", "a.ckpt", "r", "torch", "none", 1)
    bad = [replace(r, data="weird") for r in fit(force_mae=999.0)]
    headings, lines = comparison([*fit(), *bad, size])
    found = {line[0]: dict(zip(headings, line, strict=True)) for line in lines}
    assert {name: line["verdict"] for name, line in found.items()} == {
        "a.ckpt on d": "NVE",
        "a.ckpt on weird": "not for MD",
    }
    assert {line["file kB"] for line in found.values()} == {"4.00"}
    (said,) = reasons([*fit(), *bad])
    assert said.startswith("a.ckpt on weird (r): not for MD because of force_mae 999")
    assert next(said.split(" because of ")[1] for said in reasons([*fit(), *bad, run])) == (
        "a run from start that broke at step 9"
    )
