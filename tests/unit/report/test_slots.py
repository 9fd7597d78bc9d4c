"""The table and the picture of what parts cost, from rows alone."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console

from gaq.measure.ledger import Row
from gaq.report.slots import cost_figure, cost_table, costs_by_part, floor_line
from gaq.report.style import LIGHT, png


def rows() -> list[Row]:
    forces = {"all": 9.0, "small": 0.5, "large": 7.0, "broken": float("nan")}
    found = [
        Row("force_fidelity", v, "meV/Å", f"slots/{n}", "r", "torch", "d", 3, std_error=0.1) for n, v in forces.items()
    ]
    lee = Row("lee_mean", 1e-12, "meV/Å", "slots/small", "r", "torch", "d", 3)
    floor = replace(lee, model="parent.ckpt", value=2e-3, control="fp32-floor")
    return [*found, lee, floor, replace(lee, model="another.ckpt")]


def test_all_first_then_the_dearest_and_other_rows_passed_over():
    assert list(costs_by_part(rows())) == ["all", "broken", "large", "small"]


def test_the_table_has_the_columns_that_were_measured():
    console = Console(width=120, record=True, file=None, quiet=False)
    with console.capture() as text:
        console.print(cost_table(rows(), "r on d"))
    said = text.get()
    assert "F RMSE" in said
    assert "LEE mean" in said
    assert "path work" not in said
    assert "7.00 ± 0.10" in said
    assert "not finite" in said


def test_the_floor_is_that_of_the_parent():
    assert floor_line(rows()) == "float parent: lee_mean 0.0020 meV/Å"
    assert floor_line([]) == ""


def test_the_picture_is_drawn_without_what_is_not_finite():
    figure = cost_figure(rows(), "r on d", LIGHT)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Force", "Symmetry"]
    assert len(figure.axes[0].lines) == 3
    assert png(figure).startswith(b"\x89PNG")
