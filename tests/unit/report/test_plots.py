"""Plots show what rows and arrays say: marks where values are, numbers beside them, NaN nowhere."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from gaq.measure.ledger import Row
from gaq.measure.predictions import Predictions
from gaq.report.charts import EXACT, costs, learning, sensitivity
from gaq.report.clouds import MOST_POINTS, names_of, parity
from gaq.report.ladder import ladder
from gaq.report.panels import Palette, plain, themes
from gaq.report.series import Curve, RunSeries
from gaq.report.strips import MOST_RECORDS, energies

VALUES = {
    "fp32": {"force_mae": 12.0, "lee_mean": 3e-3, "lee_max": 2e-2, "path_work": 1e-4},
    "naive-int8": {"force_mae": 30.0, "lee_mean": 15.0, "lee_max": 80.0, "path_work": 1.7},
    "frame-w4a8": {"force_mae": 14.0, "lee_mean": 0.0, "lee_max": 2e-12, "path_work": math.nan},
}
MODELS = {
    recipe: [Row(m, v, "meV/Å", recipe, recipe, "torch", "d", 10, std_error=0.1 * v) for m, v in metrics.items()]
    for recipe, metrics in VALUES.items()
}
PALETTE = Palette(VALUES)


def marks(panel) -> dict[str, float]:
    """Where the marks of a row of dots are."""
    return {t["y"][0]: t["x"][0] for t in panel.traces if t["mode"] == "markers"}


def panels(section) -> list:
    return [panel for view in section.views for panel in view.panels]


def test_costs_are_where_the_rows_say():
    force, lee, work = panels(costs(MODELS, PALETTE))
    assert marks(force) == {"fp32": 12.0, "naive-int8": 30.0, "frame-w4a8": 14.0}
    assert marks(lee)["naive-int8"] == 15.0
    assert marks(lee)["frame-w4a8"] == EXACT  # zero has no place on a logarithmic axis, but it is drawn, and labelled
    assert "0 / 2.0e-12" in [note["text"] for note in lee.layout["annotations"]]
    assert set(marks(work)) == {"fp32", "naive-int8"}
    assert lee.layout["xaxis"]["type"] == "log"
    assert "type" not in force.layout["xaxis"]
    assert "naive-int8 30.0" in force.description


def test_a_recipe_has_one_colour_everywhere():
    assert PALETTE.of("fp32") == PALETTE.of("fp32/nve") == PALETTE.of("rmd17-ethanol-fp32.gaq")
    assert PALETTE.of("fp32") != PALETTE.of("fp32-control")
    others = Palette(["a", "b", "fp32"])
    assert len({others.of(name) for name in ("a", "b", "fp32")}) == 3
    assert {key for key in themes()["light"]} == {key for key in themes()["dark"]}
    assert all(others.of(name)[1:] in themes()["dark"] for name in ("a", "b", "fp32"))


def curve(name: str, values: list[float]) -> Curve:
    return Curve(name, np.arange(1, len(values) + 1), np.full(len(values), np.nan), np.array(values))


def test_learning_skips_what_was_not_measured_and_leaves_gaps():
    section = learning([curve("a", [3.0, math.nan, 1.0]), curve("b", [2.0])], PALETTE)
    assert [view.name for view in section.views] == ["Forces"]
    first, second = panels(section)[0].traces
    assert first["y"] == [3.0, None, 1.0]
    assert second["mode"] == "lines+markers"  # a line of one point is not seen
    assert learning([], PALETTE) is None


def predictions(recipe: str, count: int = 3000, **changes) -> Predictions:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(count)
    about = {"model": f"{recipe}.gaq", "recipe": recipe, "engine": "native", "data": "d"} | changes
    energy = -100.0 + rng.standard_normal(5)
    return Predictions(
        **about, atoms=np.full(5, 2), energy=energy, energy_found=energy + 0.00246, forces=x, forces_found=x + 0.0123
    )


def test_parity_states_the_error_of_each_and_draws_some_of_many():
    section = parity([predictions("fp32"), predictions("w4", 10)], PALETTE)
    assert [view.name for view in section.views] == ["Forces", "Force errors", "Energies"]
    many, few = section.views[0].panels
    assert many.layout["annotations"][0]["text"] == "MAE 12.3 meV/Å"
    assert [len(p.traces[-1]["x"]) for p in (many, few)] == [MOST_POINTS, 10]
    assert many.layout["xaxis"]["range"] == few.layout["yaxis"]["range"]
    energy = section.views[2].panels[0]
    assert energy.layout["annotations"][0]["text"] == "MAE 1.23 meV"  # 2.46 meV on two atoms
    assert abs(sum(energy.traces[-1]["x"])) < 1e-3
    assert f"Of 3000 components of each model, {MOST_POINTS} are drawn" in section.caption


def test_parity_without_a_number():
    lost = predictions("fp32")
    lost.forces_found[:] = np.nan
    lost.energy_found[:] = np.nan
    assert parity([lost], PALETTE) is None
    assert parity([], PALETTE) is None


def test_predictions_of_one_recipe_are_told_apart():
    assert names_of([predictions("w4"), predictions("w4", model="other.gaq")]) == ["w4.gaq", "other.gaq"]
    assert names_of([predictions("w4"), predictions("w4")]) == ["w4.gaq, native, d (1)", "w4.gaq, native, d (2)"]


def run(name: str, change: np.ndarray) -> RunSeries:
    return RunSeries(name, 0.5 * np.arange(len(change)), change, np.full(len(change), 300.0), False)


def test_energies_share_a_scale_and_long_ones_are_thinned(rng):
    long = rng.standard_normal(50_000)
    long[40_000] = 99.0
    section = energies([run("a", long), run("b", np.array([0.0, np.nan, 1.0]))], {"a": 9, "b": 9}, PALETTE)
    first, second = panels(section)
    assert first.layout["yaxis"]["range"] == second.layout["yaxis"]["range"]
    assert len(first.traces[0]["x"]) <= MOST_RECORDS
    assert max(first.traces[0]["y"]) == 11.0  # per atom
    assert second.traces[0]["y"][1] is None
    assert first.layout["xaxis"]["title"]["text"] == "time, ps"
    assert "all atoms" in panels(energies([run("a", long)], {}, PALETTE))[0].layout["yaxis"]["title"]["text"]
    assert energies([run("a", np.full(3, np.nan))], {}, PALETTE) is None


def test_sensitivity_is_sorted():
    rows = [Row("force_fidelity", v, "meV/Å", f"slots/{n}", "w8", "torch", "d", 1) for n, v in (("a", 1.0), ("b", 3.0))]
    (panel,) = panels(sensitivity(rows))
    assert panel.traces[0]["y"] == ["a", "b"]  # the largest on top
    assert sensitivity([r for rows in MODELS.values() for r in rows]) is None


def timed(recipe: str, engine: str, value: float, p10: float | None = 0.9) -> list[Row]:
    row = Row("latency_ms", value, "ms", "m", recipe, engine, "d", 1, p10=p10 and value * p10, p90=p10 and value / p10)
    ratio = Row("speedup", 7.0, "1", "m", recipe, engine, "d", 1, control="torch-eager")
    return [row, ratio] if engine == "native" else [row]


def test_the_ladder_goes_from_slow_to_fast_and_says_ratios():
    rows = [*timed("w4", "native", 0.2), *timed("fp32", "torch-eager", 20.0), *timed("fp32", "native", 5.0, None)]
    (panel,) = panels(ladder(rows))
    assert panel.traces[0]["y"] == ["w4, native", "fp32, torch-eager"]  # from below; dynamics is not a timed call
    assert [note["text"] for note in panel.layout["annotations"]] == ["0.200 ms   7.00× eager", "20.0 ms"]
    assert ladder(timed("fp32", "native", 5.0, None)) is not None
    assert ladder(timed("fp32", "native", math.nan)) is None


@pytest.mark.parametrize("evil", ["<b>x</b>", "</script>"])
def test_names_are_escaped_and_everything_is_json(evil):
    section = costs({evil: MODELS["fp32"]}, Palette([evil]))
    text = json.dumps([panel.plain() for panel in panels(section)], allow_nan=False)
    assert evil not in text.replace("<sup>", "").replace("</sup>", "")


def test_no_number_is_no_number_in_json():
    assert plain({"a": [math.nan, 1.0, (math.inf,)]}) == {"a": [None, 1.0, [None]]}
