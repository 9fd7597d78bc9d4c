"""The section of docs/results.md on frames where neighbours change places, from the rows of proton_transfer.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gaq.measure.ledger import Row
from gaq.report.numbers import significant
from tables import markdown

INTRO = """## Where neighbours change places

The path of acetylacetone on which a proton changes hands (BOTNet data), walked in 2,801 points by models that were
quantized without training from a small float model. Jumps are two-sided limits, at each point at which a neighbour of
an atom's frame is exchanged with the other; *ordered* frames tell the nearer neighbour from the next, those of now do
not ([decision 14](decisions/0014-frames-of-an-unordered-pair.md)). The last columns are what rounding does along the
whole path. Commands:

    gaq train configs/acac-fp32.toml --data PATH/acac/train_300K.xyz --out runs/acac
    python benchmarks/proton_transfer.py runs/acac/model.ckpt --data PATH/acac --out runs/acac/rows.jsonl
    python benchmarks/frame_turns.py --data PATH/rmd17 --out runs/frame_turns.jsonl
"""
PATH = "acac/H-transfer"
HEAD = ("model", "frames", "largest jump of E, meV", "of F, meV/Å", "noise of E, meV", "of F, meV/Å")
METRICS = ("exchange_energy_jump", "exchange_force_jump", "walk_energy_noise", "walk_force_noise")


def frames_section(rows_of: Callable[[str], list[Row]]) -> list[str]:
    """The parts of the page; empty while nothing has been measured."""
    rows = [r for r in rows_of("frames") if r.data == PATH]
    return [INTRO, _table(rows)] if rows else []


def _table(rows: Sequence[Row]) -> str:
    lines = []
    for recipe, control in dict.fromkeys((r.recipe, r.control) for r in rows):
        own = {r.metric: r.value for r in rows if (r.recipe, r.control) == (recipe, control)}
        frames = "ordered" if control else "now"
        cells = [significant(own[m], 2) if m in own else "–" for m in METRICS]
        lines.append([recipe, frames, *cells])
    return markdown(HEAD, lines)
