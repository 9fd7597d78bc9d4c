"""Table of jumps and noise."""

from __future__ import annotations

from benchmarks.common.markdown import markdown
from benchmarks.common.places import rows_of
from gaq.report.numbers import significant

PATH = "acac/H-transfer"
HEAD = ("model", "frames", "largest jump of E, meV", "of F, meV/Å", "noise of E, meV", "of F, meV/Å")
METRICS = ("exchange_energy_jump", "exchange_force_jump", "walk_energy_noise", "walk_force_noise")


def jumps() -> str:
    """Return jumps and noise along the path."""
    rows = [r for r in rows_of("frames") if r.data == PATH]
    lines = []
    for recipe, control in dict.fromkeys((r.recipe, r.control) for r in rows):
        own = {r.metric: r.value for r in rows if (r.recipe, r.control) == (recipe, control)}
        frames = "ordered" if control else "now"
        cells = [significant(own[m], 2) if m in own else "–" for m in METRICS]
        lines.append([recipe, frames, *cells])
    return markdown(HEAD, lines)
