"""Colours can be read on their paper and told apart, and settings of a library are put back."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from gaq.report.style import DARK, STYLES, dressed

MEDIUM_CONES_LOST = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)


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
