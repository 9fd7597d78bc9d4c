"""Pictures show what rows and series say: marks where the values are, names beside them, no state left."""

from __future__ import annotations

import io

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from gaq.measure.ledger import Row
from gaq.report.figures import costs, energy, learning, parity, symmetry
from gaq.report.series import Curve, Series
from gaq.report.style import DARK, LIGHT, STYLES, dressed, png

VALUES = {
    "fp32": {"force_mae": 12.0, "lee_mean": 3e-3, "lee_max": 2e-2, "path_work": 1e-4},
    "naive-int8": {"force_mae": 30.0, "lee_mean": 15.0, "lee_max": 80.0, "path_work": 1.7},
    "frame-w4a8": {"force_mae": 14.0, "lee_mean": 0.0, "lee_max": 2e-12, "path_work": 0.7},
}
ROWS = [
    Row(metric, value, "meV/Å", recipe, recipe, "torch", "d", 10, std_error=0.1 * value)
    for recipe, metrics in VALUES.items()
    for metric, value in metrics.items()
]


def curve(name: str, first: int, last: int) -> Curve:
    epochs = np.arange(first, last + 1)
    return Curve(name, epochs, 10.0 / epochs, 100.0 / epochs)


def series(name: str, error: float, unstable_at: int | None = None) -> Series:
    rng = np.random.default_rng(0)
    reference = rng.standard_normal(300)
    time = 0.5 * np.arange(200)
    noise = rng.standard_normal(200)
    return Series(name, reference, reference + error * rng.standard_normal(300), time, noise, unstable_at)


MEDIUM_CONES_LOST = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)

CURVES = (curve("fp32", 1, 10), curve("w4", 11, 15), curve("frame-w4a8", 11, 15))
SERIES = (series("fp32", 0.01), series("naive-int8", 0.05, unstable_at=199), series("w4", 0.02))

DRAWN = {
    "costs": lambda style: costs(ROWS, style),
    "symmetry": lambda style: symmetry(ROWS, style),
    "learning": lambda style: learning(CURVES, style),
    "parity": lambda style: parity(SERIES, style),
    "energy": lambda style: energy(SERIES, style),
}


def texts(figure) -> str:
    found = [t.get_text() for axes in figure.axes for t in axes.texts]
    titles = [axes.get_title() for axes in figure.axes]
    titles += [axes.get_title(loc="left") for axes in figure.axes]
    ticks = [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    return "\n".join(found + titles + ticks)


def marks(axes) -> dict[float, float]:
    """Where the marks of a row of dots are: height to value."""
    return {
        float(line.get_ydata()[0]): float(line.get_xdata()[0])
        for line in axes.lines
        if line.get_marker() not in ("None", "", None)
    }


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_a_picture_is_drawn_on_its_paper(name, style):
    before = dict(matplotlib.rcParams)
    image = imread(io.BytesIO(png(DRAWN[name](style))))[..., :3]
    assert dict(matplotlib.rcParams) == before
    assert np.allclose(image[2, 2], to_rgb(style.paper), atol=0.01)
    different = np.abs(image - np.array(to_rgb(style.paper))).max(axis=2) > 0.2
    assert 0.005 < different.mean() < 0.5
    margins = (different[0], different[-1], different[:, 0], different[:, -1])
    assert [side.mean() < 0.2 for side in margins] == [True] * 4


def test_costs_are_where_the_rows_say():
    force, lee, work = costs(ROWS, LIGHT).axes
    assert marks(force) == {0: 12.0, 1: 30.0, 2: 14.0}
    assert marks(work) == {0: 1e-4, 1: 1.7, 2: 0.7}
    assert marks(lee)[1] == 15.0
    assert lee.get_xscale() == "log"
    assert 0 < marks(lee)[2] < 1e-9  # zero has no place on a logarithmic axis, but it is drawn, and labelled
    assert "frame-w4a8" in texts(costs(ROWS, LIGHT))
    assert "0" in [t.get_text() for t in lee.texts]


def test_a_missing_or_endless_value_leaves_a_gap():
    rows = [r for r in ROWS if (r.recipe, r.metric) != ("fp32", "path_work")]
    rows += [Row("path_work", float("nan"), "meV/Å", "w4", "w4", "torch", "d", 1)]
    work = costs(rows, LIGHT).axes[2]
    assert set(marks(work)) == {1.0, 2.0}
    png(costs(rows, LIGHT))


def test_symmetry_says_mean_and_largest():
    assert "15 / 80" in texts(symmetry(ROWS, LIGHT))


def test_learning_names_each_curve_and_marks_where_the_parent_ends():
    axes = learning(CURVES, LIGHT).axes[0]
    assert {"fp32", "w4", "frame-w4a8"} <= {t.get_text() for t in axes.texts}
    assert 10.0 in [line.get_xdata()[0] for line in axes.lines if len(set(line.get_xdata())) == 1]
    heights = [t.xy[1] for t in axes.texts if t.get_text() != "fp32"]
    assert abs(heights[0] - heights[1]) > 0.05  # their last values are equal; their names are apart


def test_parity_states_the_error_of_each():
    assert f"MAE {np.mean(np.abs(SERIES[0].predicted - SERIES[0].reference)) * 1e3:.2f} meV/Å" in texts(
        parity(SERIES, LIGHT)
    )
    assert len(parity(SERIES[:1], LIGHT).axes) == 1


def test_energies_begin_at_zero_and_share_a_scale():
    strips = energy(SERIES, LIGHT).axes
    assert [float(strip.lines[1].get_ydata()[0]) for strip in strips] == [0.0, 0.0, 0.0]
    assert len({strip.get_ylim() for strip in strips}) == 1
    assert [len(strip.lines) for strip in strips] == [2, 3, 2]  # a line where the molecule fell apart


def test_a_run_whose_energy_is_lost_is_still_drawn():
    lost = SERIES[0].total.copy()
    lost[50:] = np.nan
    png(energy((Series("fp32", *(SERIES[0].reference,) * 2, SERIES[0].time, lost, 50), SERIES[2]), DARK))


def test_settings_are_put_back_after_an_error():
    before = dict(matplotlib.rcParams)
    with pytest.raises(ZeroDivisionError), dressed(DARK):
        1 / (matplotlib.rcParams["text.color"] != DARK.ink)
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_colours_can_be_read_and_told_apart(style):
    """WCAG contrast of 3 against the paper, and no two recipes alike, for eyes without red-green too."""
    paper = luminance(to_rgb(style.paper))
    colours = {name: to_rgb(colour) for name, colour in style.known}
    for colour in colours.values():
        light, dark = sorted((luminance(colour), paper), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 3
    names = list(colours)
    seen = {name: deuteranope(colour) for name, colour in colours.items()}
    apart = [np.linalg.norm(seen[a] - seen[b]) for i, a in enumerate(names) for b in names[:i]]
    assert min(apart) > 0.12
    red, olive = (0.9, 0.1, 0.1), (0.6, 0.54, 0.05)
    assert np.linalg.norm(deuteranope(red) - deuteranope(olive)) < 0.12 < np.linalg.norm(np.subtract(red, olive))


def luminance(colour) -> float:
    """Relative luminance of sRGB, WCAG 2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return float(np.dot((0.2126, 0.7152, 0.0722), linear))


def deuteranope(colour) -> np.ndarray:
    """How sRGB looks to an eye without medium cones: Machado, Oliveira, Fernandes (2009), severity 1."""
    linear = np.array([c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour])
    seen = MEDIUM_CONES_LOST @ linear
    return np.clip(seen, 0, 1) ** (1 / 2.4)
